# The modules, and which each may stand on, from the ground up. This list is the build, the map and the
# rule: tools/layers refuses an include that is not allowed here, and a test links only what is listed.

base_ON       :=
crypto_ON     := base
store_ON      := base
http_ON       := base
card/wire_ON  := base
catalogue_ON  := base store
ledger_ON     := base store
journal_ON    := base crypto store
notice_ON     := base crypto store
jobs_ON       := base store
registry_ON   := base crypto store card/wire catalogue journal notice jobs
claims_ON     := base crypto store journal registry
worklist_ON   := base store catalogue
SERVICE       := base crypto store registry claims catalogue ledger journal notice jobs worklist
identity_ON   := $(SERVICE) card/wire
venues_ON     := $(SERVICE)
web_ON        := base http
api_ON        := base http web $(SERVICE) card/wire identity venues
programs_ON   := base http web $(SERVICE) card/wire identity venues api

MODULES := base crypto store http card/wire catalogue ledger journal notice jobs registry claims worklist \
           identity venues web api

# Libraries of the machine that a module needs, by module.
base_LIBS     :=
crypto_LIBS   := -lcrypto -lsodium -ldl
store_LIBS    := -lsqlite3 -lpq -lpthread
http_LIBS     := -lmicrohttpd -ljansson -lpthread
web_LIBS      := -lqrencode -lz
programs_LIBS := -lcurl -lseccomp
