# locking: row leases for PostgreSQL, enforced by a trigger.
#
# make && make install       build and install with PGXS
# make installcheck          regression and isolation tests, running server;
#                            one test needs max_prepared_transactions
# make test                  all tests, in throw-away clusters
# make stress SECONDS=60     many clients, and a checker of what they did
# make crash SCENARIOS=...   the same while servers are killed and replaced
# make long OPERATIONS=...   calls for hours: sizes, memory, WAL
# make inputs CALLS=100000   generated calls of every function and route
# make coverage              which lines the tests execute (gcov)
# make valgrind              regression tests with the server under valgrind
# make test-versions         with every supported PostgreSQL (13, 15, 17, 18)
# make test-packages         builds, installs and tests the Debian packages
# make demo, make demo-stop  a private cluster with real data, and its end
# make bench                 the measurements of bench/RESULTS.md
# make dist REPOSITORY=URL   the archive for PGXN, from the last commit

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

# These set themselves up, so they work before PGXS is installed.
SELF_CONTAINED = test stress crash long inputs coverage valgrind test-versions test-packages demo demo-stop bench dist
ifneq ($(filter-out $(SELF_CONTAINED),$(or $(MAKECMDGOALS),all)),)
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(and $(wildcard $(PGXS)),$(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h)),)
$(error PostgreSQL's server headers are missing: apt-get install postgresql-server-dev-all, or set PG_CONFIG)
endif
# PostgreSQL 13 has no isolation tester.
ifeq ($(wildcard $(dir $(PGXS))../test/isolation/pg_isolation_regress),)
ISOLATION :=
endif
include $(PGXS)

$(OBJS): $(wildcard src/*.h)
endif

.PHONY: $(SELF_CONTAINED)
test:
	@bash test/run
stress:
	@LAYERS=stress LOCKING_SECONDS="$(or $(SECONDS),$(LOCKING_SECONDS))" LOCKING_SEED="$(or $(SEED),$(LOCKING_SEED))" LOCKING_MUTANTS="$(or $(MUTANTS),$(LOCKING_MUTANTS))" bash test/run
crash:
	@LAYERS=crash TESTS="$(SCENARIOS)" LOCKING_SEED="$(or $(SEED),$(LOCKING_SEED))" LOCKING_MUTANTS="$(or $(MUTANTS),$(LOCKING_MUTANTS))" bash test/run
long:
	@LAYERS=long LOCKING_OPERATIONS="$(or $(OPERATIONS),$(LOCKING_OPERATIONS))" bash test/run
inputs:
	@LAYERS="tap web" TESTS="sql-inputs web-inputs" LOCKING_CALLS="$(or $(CALLS),$(LOCKING_CALLS))" LOCKING_SEED="$(or $(SEED),$(LOCKING_SEED))" bash test/run
coverage:
	@bash test/coverage
valgrind:
	@bash test/valgrind
test-versions:
	@bash test/versions
test-packages:
	@bash test/packages
demo:
	@bash test/demo/start
demo-stop:
	@bash test/demo/stop
bench:
	@bash bench/run
dist:
	@REPOSITORY="$(REPOSITORY)" bash .ci/dist
