# The only list of sources; the Makefile and CMakeLists.txt both read it. One path a line.
SOURCES := \
	src/core/base64.cpp \
	src/core/decision_answer.cpp \
	src/core/destination.cpp \
	src/core/http_client.cpp \
	src/core/http_transfer.cpp \
	src/core/json.cpp \
	src/core/rfc3339.cpp \
	src/core/standard_webhooks.cpp \
	src/core/webhook_request.cpp \
	src/courier/courier.cpp \
	src/courier/deliveries.cpp \
	src/courier/letter.cpp \
	src/courier/secrets.cpp \
	src/functions/actions.cpp \
	src/functions/recording.cpp \
	src/functions/rules.cpp \
	src/functions/wait_for.cpp \
	src/gate/access.cpp \
	src/gate/cluster.cpp \
	src/gate/confirm.cpp \
	src/gate/databases.cpp \
	src/gate/decision_wait.cpp \
	src/gate/executed.cpp \
	src/gate/fetch.cpp \
	src/gate/estimate.cpp \
	src/gate/gate.cpp \
	src/gate/guarded_databases.cpp \
	src/gate/guarded_roles.cpp \
	src/gate/guarded_settings.cpp \
	src/gate/hooks.cpp \
	src/gate/own_tables.cpp \
	src/gate/planning.cpp \
	src/gate/reading.cpp \
	src/gate/refusal.cpp \
	src/gate/statement.cpp \
	src/gate/utility.cpp \
	src/gate/utility_admin.cpp \
	src/gate/utility_alter.cpp \
	src/gate/utility_drop.cpp \
	src/gate/utility_grant.cpp \
	src/gate/utility_lock.cpp \
	src/gate/utility_maintain.cpp \
	src/gate/utility_names.cpp \
	src/pg/clock.cpp \
	src/pg/mutants.cpp \
	src/pg/settings.cpp \
	src/pg/worker.cpp \
	src/pg_warrant.cpp \
	src/record/actions.cpp \
	src/record/execute.cpp \
	src/record/guards.cpp \
	src/record/origin.cpp \
	src/record/recorder.cpp \
	src/record/repeats.cpp \
	src/record/refusals.cpp \
	src/record/ring.cpp \
	src/record/seal.cpp \
	src/record/shared.cpp \
	src/rules/commands.cpp \
	src/rules/committed.cpp \
	src/rules/decision.cpp \
	src/rules/governance.cpp \
	src/rules/grants.cpp \
	src/rules/installation.cpp \
	src/rules/invalidation.cpp \
	src/rules/policies.cpp \
	src/rules/requests.cpp \
	src/rules/subject.cpp \
	src/workers/keeper.cpp \
	src/workers/launcher.cpp

# What the library links (-lNAME), one name a line.
LIBRARIES := \
	crypto \
	curl \
	stdc++
