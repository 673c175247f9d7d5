# the description of the API, merged from docs/openapi/ and compiled in
OPENAPI := $(wildcard docs/openapi/*.json)
$(OUT)/made/openapi.c: tools/openapi $(OPENAPI)
	@mkdir -p $(@D); tools/openapi c $(OPENAPI) > $@
api_MADE := $(OUT)/made/openapi.o
