# The two commands of the README, and the usual names.
.PHONY: all demo test install clean
all:
	@scripts/build release
demo:
	@scripts/demo $(ARGS)
test:
	@scripts/test
install: all
	cmake --install build/release
clean:
	rm -rf build
