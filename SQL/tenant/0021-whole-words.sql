-- Words with a v are cut anew; until then they are not found whole.

SELECT cut_words_again('v');
