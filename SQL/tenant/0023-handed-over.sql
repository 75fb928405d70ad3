-- Whether a mail that is being sent is on its way to a server. Before that, the death of its worker leaves no doubt: it was not sent.
--
-- True where nobody says: an older program does not, and then nobody knows.
ALTER TABLE mails ADD COLUMN is_handed_over boolean NOT NULL DEFAULT true;
