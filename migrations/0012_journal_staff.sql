-- What staff did, whoever they are: the auditor's list, newest first.
CREATE INDEX journal_line_of_staff ON journal_line (id) WHERE actor = 3;
