# Builds, installs and tests pg_warrant with PGXS.
#
#   make, make install      need PostgreSQL's server headers
#   make installcheck       pg_regress and isolation tests against the installed extension
#   make test, make demo    install whatever is missing first
#   make test-matrix        make test on other versions, each in a bare Debian, as root
#   make test-clients       real clients: node-postgres, psycopg, JDBC, Django, pgbouncer and sqitch
#   make test-mutants       which test, and which ways around the gate, notice each guard that is switched off
#   make fuzz               looks for inputs that core's parsers cannot take, with clang
#   make soak, make bench   long runs
#   make format             the C++ sources as .clang-format says, with clang-format 14
#   make bench-growth       what grows with grants, policies, tables, partitions, sessions, requests and rows of the log; ten minutes or more
#
#   PG_CONFIG=path          the server to build for: any of PostgreSQL 15 to 19
#   PG_MAJOR=17             the release of the server that the setup installs where there is none; otherwise Debian's own
#   MATRIX="17 18 19"       the versions that `make test-matrix` tries; 15 is another
#   SUITES="regress tap"    the suites that `make test` runs
#   FUZZ_SECONDS=30         how long `make fuzz` tries each parser
#   TESTS="a b"             only these tests of the pg_regress, isolation and TAP suites, or patterns of bypass vectors
#   GUARDS="a b"            only these guards of `make test-mutants`
#   SANITIZE=undefined      with UBSan
.DEFAULT_GOAL := all

include sources.mk

EXTENSION := pg_warrant
MODULE_big := pg_warrant
# A path that names no file stays, so that make says which is missing.
objects = $(patsubst %.cpp,%.o,$(sort $(foreach source,$(1),$(or $(wildcard $(source)),$(source)))))
OBJS := $(call objects,$(SOURCES))
# PGXS installs it beside the other; how it is linked stands below.
MODULES := pg_warrant_courier
COURIER_OBJS := $(call objects,$(COURIER_SOURCES))
ALL_OBJS := $(sort $(OBJS) $(COURIER_OBJS))

EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
ifneq ($(shell grep -c '"version": "$(EXTVERSION)"' META.json),2)
$(error META.json names another version than $(EXTENSION).control)
endif
EXTENSION_SQL := $(EXTENSION)--$(EXTVERSION).sql
SQL_PARTS := $(sort $(wildcard sql/install/[0-9]*.sql))
# From the release before: what sql/update/OLD--NEW says, in the order of its numbers, and then the functions as they are now. Roles are made once.
UPDATE_PARTS := $(sort $(wildcard sql/update/*--$(EXTVERSION)/[0-9]*.sql))
UPDATE_SQL := $(patsubst sql/update/%/,$(EXTENSION)--%.sql,$(sort $(dir $(UPDATE_PARTS))))
DATA_built := $(EXTENSION_SQL) $(UPDATE_SQL)
DATA = $(wildcard sql/update/$(EXTENSION)--*.sql)
EXTRA_CLEAN := $(COURIER_OBJS) $(ALL_OBJS:.o=.d) .build-flags build

# The server's headers are system headers, or clang refuses their `register`.
PG_CPPFLAGS = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) -DPG_WARRANT_VERSION='"$(EXTVERSION)"'
PG_CXXFLAGS = -std=c++20 -Wall -Wextra -Wno-register -Wno-volatile -Wno-deprecated-volatile -Wno-unknown-warning-option \
	-fvisibility=hidden -fvisibility-inlines-hidden -fno-plt $(LTO) -MMD -MP $(WERROR)
LINK_FLAGS = $(if $(LTO),$(CXXFLAGS)) -Wl,--as-needed $(addprefix -fsanitize=,$(SANITIZE))
SHLIB_LINK = $(LINK_FLAGS) $(addprefix -l,$(LIBRARIES))

# The gate's small functions stand in several files, and every statement passes through them. PGXS links with gcc, which reads only its
# own kind.
LTO = $(if $(shell $(CXX) --version | grep -E '^([^ ]*-)?g\+\+ '),-flto=auto)

# Warnings are errors only where they are known: compilers to come must not break the build of a release.
WERROR = $(if $(shell $(CXX) --version | grep -E '^g\+\+ .Debian 12\.|^Debian clang version 14\.'),-Werror)

ifdef SANITIZE
PG_CXXFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer
endif

# Debian's PGXS would compile every C++ file a second time, to bitcode and without these flags.
override with_llvm = no
NO_INSTALLCHECK = 1

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)
include $(PGXS)

# Objects follow the flags, not only the sources, so that a sanitized build never mixes with a plain one.
BUILD_FLAGS := $(strip $(shell $(PG_CONFIG) --version) $(CXX) $(CXXFLAGS) $(CPPFLAGS) $(SHLIB_LINK))
ifneq ($(file <.build-flags),$(BUILD_FLAGS))
$(file >.build-flags,$(BUILD_FLAGS))
endif
$(ALL_OBJS): .build-flags
-include $(ALL_OBJS:.o=.d)

$(addsuffix $(DLSUFFIX),$(MODULES)): $(COURIER_OBJS)
	$(LINK.shared) -o $@ $^ $(LDFLAGS) $(LDFLAGS_SL) $(LINK_FLAGS) $(addprefix -l,$(COURIER_LIBRARIES))
else
all install uninstall:
	@echo "PostgreSQL's server headers are missing; test/setup installs them" >&2; exit 1
endif

# The directory is a prerequisite because removing a part must rebuild the script too.
$(EXTENSION_SQL): $(SQL_PARTS) sql/install $(EXTENSION).control
	{ printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; \
	  for part in $(SQL_PARTS); do echo; cat $$part || exit; done; } >$@.tmp
	mv $@.tmp $@

$(UPDATE_SQL): $(EXTENSION)--%.sql: sql/update/% $(UPDATE_PARTS) sql/update/code.awk sql/update/drop.sql $(SQL_PARTS) sql/install
	{ printf '%s\n' "\echo Use \"ALTER EXTENSION $(EXTENSION) UPDATE TO '$(EXTVERSION)'\" to load this file. \quit"; \
	  for part in $(filter $</%,$(UPDATE_PARTS)); do echo; cat $$part || exit; done; echo; \
	  awk -v declare=1 -f sql/update/code.awk $(SQL_PARTS) && cat sql/update/drop.sql && \
	  awk -f sql/update/code.awk $(filter-out sql/install/10-%,$(SQL_PARTS)); } >$@.tmp
	mv $@.tmp $@

# --- tests ---

SUDO = $(shell test -w "$$($(PG_CONFIG) --pkglibdir)" || echo sudo)
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

# A make of its own each time, because PGXS may have come only with the setup.
.PHONY: setup ready test test-clients test-matrix test-mutants demo format fuzz soak bench bench-growth installcheck
setup:
	PG_CONFIG=$(PG_CONFIG) PG_MAJOR=$(PG_MAJOR) test/setup
ready: setup
	+$(MAKE) $(JOBS) all
	+$(SUDO) $(MAKE) install $(MAKEOVERRIDES)

export PG_CONFIG TESTS
test: ready
	@test/run $(SUITES)
MATRIX = 17 18 19
test-matrix:
	@SUITES="$(SUITES)" test/matrix $(MATRIX)
test-clients: ready
	@PG_CONFIG=$(PG_CONFIG) test/setup default-jdk-headless libdbd-pg-perl libpostgresql-jdbc-java pgbouncer python3-django python3-psycopg python3-psycopg2 sqitch
	@test/run clients
test-mutants: setup
	@status=0; test/mutants/run $(GUARDS) || status=1; test/mutants/matrix $(GUARDS) || status=1; exit $$status
installcheck:
	@test/run regress isolation
demo: ready
	@test/run-demo
format:
	@PG_CONFIG=$(PG_CONFIG) test/setup clang-format
	clang-format -i $$(git ls-files '*.cpp' '*.hpp')
FUZZ_SECONDS = 30
fuzz: setup
	@PG_CONFIG=$(PG_CONFIG) test/fuzz/run $(FUZZ_SECONDS)
soak: ready
	@test/run-script test/soak
bench: ready
	@PG_CONFIG=$(PG_CONFIG) test/setup valgrind curl
	@test/run-script test/bench/run
bench-growth: ready
	@test/run-script test/bench/growth
