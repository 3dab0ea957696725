# The only list of sources; the Makefile and CMakeLists.txt both read it. One path a line.
SOURCES := \
	src/pg/mutants.cpp \
	src/pg/settings.cpp \
	src/rules/commands.cpp \
	src/rules/committed.cpp \
	src/rules/installation.cpp \
	src/rules/invalidation.cpp \
	src/rules/policies.cpp

# What the library links (-lNAME), one name a line.
LIBRARIES := \
	stdc++
