# Pages and assets become C here (tools/template); the objects go into web's archive.
web_MADE := $(OUT)/made/web_pages.o $(OUT)/made/web_assets.o
$(OUT)/made/web_pages.c: tools/template $(wildcard web/pages/*.html web/strings/*.txt web/icons/*.svg web/assets/* web/*.h http/http.h)
	@mkdir -p $(@D); tools/template pages > $@
$(OUT)/made/web_assets.c: tools/template $(wildcard web/assets/*)
	@mkdir -p $(@D); tools/template assets > $@
