# yikatong: make [BUILD=debug|release|cover|fuzz] [CC=gcc|clang] [all|tests|test-NAME|bench|check|clean]
# The modules and their order are in modules.mk; every .c of a module's folder belongs to it.

BUILD ?= debug
CC    := $(if $(filter default,$(origin CC)),gcc,$(CC))
TAG   := $(if $(filter clang%,$(notdir $(CC))),-clang)
OUT   ?= build/$(BUILD)$(TAG)

include modules.mk

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Wcast-qual -Wwrite-strings -Wswitch-enum \
        -Werror=implicit -Werror=return-type -Werror=int-conversion \
        -Werror=incompatible-pointer-types -Werror=unused-result $(if $(CI),-Werror)
SAN  := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

debug_CFLAGS    := -O1 -g $(SAN) -DYKT_DEBUG=1
release_CFLAGS  := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
cover_CFLAGS    := -O0 -g --coverage -DYKT_DEBUG=1
fuzz_CFLAGS     := -O1 -g $(SAN) -fsanitize=fuzzer-no-link -DYKT_DEBUG=1
debug_LDFLAGS   := $(SAN)
release_LDFLAGS := -pie -Wl,-z,relro,-z,now
cover_LDFLAGS   := --coverage
fuzz_LDFLAGS    := $(SAN)

PG_INCLUDE := $(shell pg_config --includedir)
CPPFLAGS += -I. -I$(PG_INCLUDE) -I$(OUT) -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -D_XOPEN_SOURCE=700
CFLAGS   += -std=c17 $(WARN) $($(BUILD)_CFLAGS) -MMD -MP
LDFLAGS  += $($(BUILD)_LDFLAGS)

# V=1 shows the commands
Q   := $(if $(V),,@)
say  = $(if $(V),,@$(if $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),:,echo "$(1) $@"))

.SECONDEXPANSION:
.SECONDARY:
.DELETE_ON_ERROR:

all: $(OUT)/ykt

# every module a module stands on, transitively, users before used (what a static linker wants)
closure = $(call uniq,$(1) $(foreach m,$($(1)_ON),$(call closure,$(m))))
uniq    = $(if $(1),$(call uniq,$(filter-out $(lastword $(1)),$(1))) $(lastword $(1)))
archive = $(OUT)/lib/$(subst /,_,$(1)).a
objects = $(patsubst %.c,$(OUT)/%.o,$(wildcard $(1)/*.c)) $($(1)_MADE)
libs    = $(call uniq,$(foreach m,$(call closure,$(1)),$($(m)_LIBS)))
archives = $(foreach m,$(filter-out programs,$(call closure,$(1))),$(call archive,$(m)))

define module
$(call archive,$(1)): $$$$(call objects,$(1)) | $(OUT)/layers.ok
	@mkdir -p $$(@D); rm -f $$@; $(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach m,$(MODULES),$(eval $(call module,$(m))))

# generated: migrations, pages and assets, reference data (see tools/embed)
MIGRATIONS := $(wildcard migrations/*.sql)
$(OUT)/made/migrations.c: tools/embed $(MIGRATIONS)
	@mkdir -p $(@D); tools/embed migrations $(MIGRATIONS) > $@
$(OUT)/made/version.h: tools/version FORCE
	@mkdir -p $(@D); tools/version $@
$(OUT)/programs/version.o: $(OUT)/made/version.h
FORCE:
-include web/web.mk
-include api/api.mk

$(OUT)/made/%.o: $(OUT)/made/%.c
	$(call say,cc)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-overlength-strings -c -o $@ $<
$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(OUT)/layers.ok: tools/layers modules.mk $(wildcard $(foreach m,$(MODULES) programs,$(m)/*.[ch]))
	@mkdir -p $(@D); tools/layers && touch $@

# the one binary
PROGRAM := $(patsubst %.c,$(OUT)/%.o,$(wildcard programs/*.c programs/*/*.c)) $(OUT)/made/migrations.o
$(OUT)/ykt: $(PROGRAM) $(call archives,programs)
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(call libs,programs)

# the manual pages, from the tables of the program
man: $(OUT)/ykt
	$(Q)$(OUT)/ykt man --dir build/man --lang en

# tests: tests/<module>/<name>_test.c links its module and what that stands on, and nothing else
TESTS    := $(wildcard $(foreach m,$(MODULES),tests/$(m)/*_test.c))
TESTBINS := $(TESTS:%.c=$(OUT)/%)
module_of = $(patsubst tests/%/,%,$(dir $(1)))
# what every test links, and what tests of modules that stand on store/ link besides (a migrated store to work on)
support = $(OUT)/tests/test.o $(if $(filter store,$(call closure,$(1))), \
    $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/fixture*.c)) $(OUT)/made/migrations.o)
$(TESTBINS): $(OUT)/%: $(OUT)/%.o $$(call support,$$(call module_of,$$*.c)) $$(call archives,$$(call module_of,$$*.c))
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
	    $(call libs,$(call module_of,$*.c))
# tests that write to a disk of their own, whose power can be cut and whose calls can fail
$(OUT)/tests/store/power_test $(OUT)/tests/store/fault_test: $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/power/*.c))
# what scenarios need besides the program
HELPERS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/scenario/*.c))
$(HELPERS): $(OUT)/%: $(OUT)/%.o $(call archives,crypto)
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(call libs,crypto) $(LDLIBS)
$(OUT)/tests/scenario/sandbox_probe: $(OUT)/programs/sandbox.o
$(OUT)/tests/scenario/sandbox_probe: LDLIBS += -lseccomp
# the whole system in one thread, on a disk whose power can be cut
SIMS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/sim/*_test.c))
$(SIMS): $(OUT)/%: $(OUT)/%.o $(OUT)/tests/test.o $(OUT)/tests/fixture.o $(OUT)/made/migrations.o \
    $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/power/*.c)) $(foreach m,$(MODULES),$(call archive,$(m)))
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(foreach m,$(MODULES),$($(m)_LIBS))
tests: $(TESTBINS) $(SIMS) $(HELPERS)
test-%: ; $(MAKE) $(filter %/$*_test,$(TESTBINS)) && $(filter %/$*_test,$(TESTBINS))

# fuzz targets: with libFuzzer in BUILD=fuzz CC=clang, else a driver that replays the corpus
FUZZ     := $(wildcard tests/fuzz/*_fuzz.c)
FUZZBINS := $(FUZZ:%.c=$(OUT)/%)
$(FUZZBINS): $(OUT)/%: $(OUT)/%.o $(if $(filter fuzz,$(BUILD)),,$(OUT)/tests/fuzz/replay.o) $(foreach m,$(MODULES),$(call archive,$(m)))
	$(CC) $(LDFLAGS) $(if $(filter fuzz,$(BUILD)),-fsanitize=fuzzer) -o $@ $(filter %.o,$^) \
	    -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(foreach m,$(MODULES),$($(m)_LIBS))
fuzz: $(FUZZBINS)

# benchmarks: always from a release build
BENCHES := $(patsubst %.c,$(OUT)/%,$(wildcard bench/*_bench.c))
$(BENCHES): $(OUT)/%: $(OUT)/%.o $(OUT)/made/migrations.o $(foreach m,$(MODULES),$(call archive,$(m)))
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(foreach m,$(MODULES),$($(m)_LIBS)) -lm
bench: $(BENCHES)

clean: ; rm -rf build
.PHONY: all man tests fuzz bench clean FORCE
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
