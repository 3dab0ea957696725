# The only lists of sources; the Makefile and CMakeLists.txt both read them. One path a line, or a pattern for a folder whose sources are all in that
# library. First the library that the server preloads.
SOURCES := \
	src/core/duration_text.cpp \
	src/core/quorum.cpp \
	src/core/schedule.cpp \
	src/functions/*.cpp \
	src/gate/*.cpp \
	src/gate/access/*.cpp \
	src/gate/check/*.cpp \
	src/gate/defence/*.cpp \
	src/gate/utility/*.cpp \
	src/pg/*.cpp \
	src/pg_warrant.cpp \
	src/queue/*.cpp \
	src/recorder/*.cpp \
	src/rules/*.cpp \
	src/rules/conditions/*.cpp \
	src/statement/*.cpp \
	src/workers/*.cpp

# The courier's own library. What stands in both lists holds no shared state.
COURIER_SOURCES := \
	src/core/base64.cpp \
	src/core/circuit_breaker.cpp \
	src/core/decision_answer.cpp \
	src/core/destination.cpp \
	src/core/http_client.cpp \
	src/core/http_transfer.cpp \
	src/core/json.cpp \
	src/core/rfc3339.cpp \
	src/core/standard_webhooks.cpp \
	src/core/webhook_request.cpp \
	src/courier/*.cpp \
	src/pg/in_transaction.cpp \
	src/pg/wait.cpp

# What they link (-lNAME), one name a line.
LIBRARIES := \
	stdc++
COURIER_LIBRARIES := \
	crypto \
	curl \
	stdc++
