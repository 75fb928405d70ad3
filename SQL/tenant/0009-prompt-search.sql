-- What has been written since the last clearing up is read by every search, so little of it (in kB) may pile up.
ALTER INDEX companies_search SET (gin_pending_list_limit = 128);
ALTER INDEX contacts_search SET (gin_pending_list_limit = 128);
ALTER INDEX leads_search SET (gin_pending_list_limit = 128);
ALTER INDEX deals_search SET (gin_pending_list_limit = 128);
ALTER INDEX activities_search SET (gin_pending_list_limit = 128);
ALTER INDEX tasks_search SET (gin_pending_list_limit = 128);
