# kjob: build, install, check. No configure step: pkg-config finds the libraries.
#   make                     build/kjob and its manual page
#   make demo                install what is missing, build, run a job and the parallel example
#   make check               everything: layers, sizes, unit tests, real engines
#   make fuzz TARGET=yaml    one file of tests/fuzz with libFuzzer (clang), until it finds something
#   make bench               ratios against the engines' own tools, into docs/benchmarks.md
#   make install PREFIX=… DESTDIR=…
#   WERROR=1, SANITIZE=address,undefined, BUILD=dir, V=1

VERSION   := 0.1.0
BUILD     ?= build
PREFIX    ?= /usr/local
PKGS      := libcurl libcjson yaml-0.1 libevent libevent_openssl libssl libcrypto sqlite3 zlib
PKG_CONFIG ?= pkg-config

CFLAGS    ?= -O2 -g
WARNINGS  := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
             -Wimplicit-fallthrough -Wswitch-enum -Wno-unused-parameter
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -fno-strict-aliasing $(WARNINGS) \
             -DKJOB_VERSION='"$(VERSION)"' $(shell $(PKG_CONFIG) --cflags $(PKGS)) $(CFLAGS)
ALL_LDFLAGS = $(LDFLAGS) -Wl,--as-needed
LIBS       = $(shell $(PKG_CONFIG) --libs $(PKGS)) -lm -lpthread
ifeq ($(WERROR),1)
ALL_CFLAGS += -Werror
endif
ifneq ($(SANITIZE),)
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
endif
ifneq ($(V),1)
Q := @
endif

SRCS := $(sort $(wildcard runtime/base/*.c runtime/*.c probes/*.c controller/*.c controller/*/*.c cmd/*.c))
OBJS := $(SRCS:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/sandbox_program.o
LIB_OBJS := $(filter-out $(BUILD)/obj/cmd/main.o,$(OBJS))
UNIT_SRCS := $(sort $(wildcard tests/unit/*_test.c))
UNIT_BINS := $(UNIT_SRCS:%.c=$(BUILD)/%)
TOOL_SRCS := $(sort $(wildcard tests/cron/*.c tests/engine/*.c tests/bench/*.c tests/fuzz/*.c tests/fake-engine/*.c))
TOOL_BINS := $(TOOL_SRCS:%.c=$(BUILD)/%)

.PHONY: all unit tools check fuzz bench demo install uninstall clean format
all: $(BUILD)/kjob $(BUILD)/kjob.1

$(BUILD)/kjob: $(OBJS)
	@echo "  LINK  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(OBJS) $(LIBS)

# The manual page: its commands and options are the program's own.
$(BUILD)/kjob.1: docs/kjob.1.in $(BUILD)/kjob
	@echo "  MAN   $@"
	$(Q)$(BUILD)/kjob help --man >$@.commands
	$(Q)sed -e 's/@VERSION@/$(VERSION)/' -e '/^@COMMANDS@$$/{' -e 'r $@.commands' -e d -e '}' $< >$@.tmp
	$(Q)rm -f $@.commands && mv $@.tmp $@

# Everything but main, as the tests and tools link it.
$(BUILD)/libkjob.a: $(LIB_OBJS)
	@echo "  AR    $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJS)

# The sandbox: a static program of its own for the engine's machine, which is Linux; its bytes are
# part of kjob. Elsewhere than on Linux SANDBOX_CC has to be a compiler for that
# (clang --target=aarch64-linux-gnu -fuse-ld=lld, with that system's headers).
SANDBOX_CC ?= $(CC)
SANDBOX_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Os $(WARNINGS) $(if $(filter 1,$(WERROR)),-Werror) \
                  -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pie
SANDBOX_SRCS := runtime/sandbox/sandbox.c runtime/sandbox/net.c runtime/sandbox/names.c \
                runtime/sandbox/run.c runtime/sandbox/usage.c
ifneq ($(filter x86_64-% aarch64-% riscv64-%,$(shell $(SANDBOX_CC) -dumpmachine)),)
SANDBOX_SRCS += runtime/sandbox/tinylibc.c
SANDBOX_CFLAGS += -ffreestanding -fno-builtin -nostdlib
endif

$(BUILD)/sandbox: $(SANDBOX_SRCS) $(wildcard runtime/sandbox/*.h) runtime/runner_protocol.h Makefile
	@echo "  LINK  $@"
	@mkdir -p $(@D)
	$(Q)$(SANDBOX_CC) $(SANDBOX_CFLAGS) -static -no-pie -s -Wl,--build-id=none -o $@ $(SANDBOX_SRCS)

$(BUILD)/sandbox_program.c: $(BUILD)/sandbox
	$(Q){ echo '#include "sandbox_program.h"'; echo 'const unsigned char sandbox_program[] = {'; \
		od -An -v -tx1 $< | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'; echo '};'; \
		echo 'const size_t sandbox_program_len = sizeof(sandbox_program);'; } >$@.tmp && mv $@.tmp $@

$(BUILD)/obj/sandbox_program.o: $(BUILD)/sandbox_program.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Iruntime -c -o $@ $<

$(BUILD)/obj/%.o: %.c Makefile
	@echo "  CC    $<"
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: tests/%.c $(BUILD)/libkjob.a
	@echo "  TEST  $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -MF $@.d -o $@ $< $(BUILD)/libkjob.a $(LIBS)

# They run once: to optimize them would take longer than it saves. What they test is optimized.
$(UNIT_BINS): private ALL_CFLAGS += -O0
unit: $(UNIT_BINS)
tools: $(TOOL_BINS)

check:
	tests/scripts/install build image check
	tests/scripts/check

TARGET ?= json
fuzz:
	$(Q)$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/fuzz SANITIZE=address,undefined,fuzzer-no-link \
		CFLAGS="-O1 -g" $(BUILD)/fuzz/libkjob.a
	@mkdir -p $(BUILD)/fuzz/$(TARGET).inputs
	$(Q)clang $(ALL_CFLAGS) -DFUZZ_ENGINE -fsanitize=address,undefined,fuzzer -o $(BUILD)/fuzz/$(TARGET) \
		tests/fuzz/$(TARGET).c $(BUILD)/fuzz/libkjob.a $(LIBS)
	$(BUILD)/fuzz/$(TARGET) $(FUZZ_OPTIONS) $(BUILD)/fuzz/$(TARGET).inputs

demo:
	@tests/scripts/install build image engine
	@$(MAKE) --no-print-directory -s -j2 all
	@tests/scripts/demo $(BUILD)/kjob

bench: all tools
	tests/bench/bench $(BUILD)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(BUILD)/kjob $(DESTDIR)$(PREFIX)/bin/kjob
	install -m 644 $(BUILD)/kjob.1 $(DESTDIR)$(PREFIX)/share/man/man1/kjob.1

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/kjob $(DESTDIR)$(PREFIX)/share/man/man1/kjob.1

format:
	clang-format -i $(SRCS) $(wildcard runtime/base/*.h runtime/*.h controller/*.h controller/*/*.h cmd/*.h)

clean:
	rm -rf $(BUILD)

-include $(OBJS:.o=.d) $(UNIT_BINS:=.d) $(TOOL_BINS:=.d)
