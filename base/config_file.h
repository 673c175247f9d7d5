/* base/config_file.h - between the files of config: where a setting stood, and what each does. */
#pragma once
#include "base/config.h"

struct place {
    struct str where;  /* file, variable or flag */
    struct str folder; /* what relative paths count from, with its slash; empty: here */
    int line, column;
};

/* config.c */
int setting_index(const struct config *config, struct str name); /* -1: unknown */
void config_set(struct config *config, size_t index, struct str text, struct place place);
void config_tell(struct config *config, struct place place, struct str zh, struct str en);
void config_tell_unknown(struct config *config, struct place place, struct str name,
                         const char *const *known, size_t n);

/* config_file.c */
void config_read_files(struct config *config, struct str path);
/* A path's folder with its slash; empty when it names none. */
struct str config_folder(struct str path);
void config_read_text(struct config *config, struct str name, struct bytes text);

/* config_text.c: "1-500 的整数" */
void put_setting_range(struct writer *w, const struct setting *setting, bool zh);
