# locking: row leases for PostgreSQL, enforced by a trigger.
#
# make && make install        build and install as PGXS users know it
# make installcheck           regression and isolation tests against a running server
# make test                   every layer, in throw-away clusters (installs what is missing)
# make demo / make demo-stop  a private cluster with real data, and its end
# make bench                  the figures of bench/RESULTS.md

EXTENSION  = locking
MODULE_big = locking
OBJS       = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))
DATA       = $(wildcard sql/locking--*.sql)

REGRESS        = $(sort $(notdir $(basename $(wildcard test/sql/*.sql))))
REGRESS_OPTS   = --inputdir=test --load-extension=locking
ISOLATION      = $(sort $(notdir $(basename $(wildcard test/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test --outputdir=. --load-extension=locking

PG_CFLAGS = $(LOCKING_CFLAGS)
PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)

# These set themselves up, so they must work where PGXS is not installed yet.
SELF_CONTAINED = test demo demo-stop bench
ifneq ($(filter-out $(SELF_CONTAINED),$(or $(MAKECMDGOALS),all)),)
include $(PGXS)

$(OBJS): $(wildcard src/*.h)
endif

.PHONY: $(SELF_CONTAINED)
test:
	@bash test/run
demo:
	@bash test/demo/start
demo-stop:
	@bash test/demo/stop
bench:
	@bash bench/run
