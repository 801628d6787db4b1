# `make demo` and `make test` are the two commands; each does its own set-up first.
# `make help` lists the rest.

CARGO ?= $(shell command -v cargo || echo $(HOME)/.cargo/bin/cargo)
LISTEN ?= 0

.PHONY: help demo test bench soak intents lint setup install clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## plays six scenes with everything real but the air (LISTEN=1: on the sound card, at its own pace)
	@scripts/setup.sh
	@$(CARGO) build --release --locked
	@target/release/tendero demo $(if $(filter 1,$(LISTEN)),--listen)

test: ## builds everything and runs every test, the demo among them
	@scripts/setup.sh test
	@$(CARGO) build --locked --features full --all-targets
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		$(CARGO) nextest run --locked --features full --no-fail-fast; \
	else \
		$(CARGO) test --locked --features full --no-fail-fast; \
	fi

bench: ## times and memory of each stage, engine and the daemon at rest (the café recordings: TENDERO_SPEECH_DIR)
	@scripts/setup.sh test
	@$(CARGO) bench --locked --features full

# A sum that does not fit is a panic here, as in a debug build.
soak: ## a million simulated worlds, longer sequences, ten million texts for the parser, a million hostile messages
	@scripts/setup.sh test
	@SIM_SEEDS=1000000 SIM_DEPTH=6 TENDERO_FUZZ=10000000 $(CARGO) test --release --locked --features full --no-fail-fast \
		--config profile.release.package.tendero.overflow-checks=true --config profile.release.package.tendero.opt-level=3 \
		--test sim --test fuzz -- --nocapture
	@TENDERO_FUZZ_MESSAGES=1000000 $(CARGO) test --locked --features full --lib hostile -- --nocapture

# All three are written before any is put in place: they are compiled in, so each change builds the program anew.
intents: ## trains the weights of the intent classifier anew (models/intent) and judges them
	@scripts/setup.sh
	@for lang in en es ro; do \
		$(CARGO) run --release --locked --quiet -- train --catalog demo/catalog.json --lang $$lang \
			--labels models/intent/examples/$$lang.jsonl --more tests/intents/catalog.json:tests/intents/$$lang.jsonl \
			--out models/intent/$$lang.tsv.new || exit 1; \
	done
	@for lang in en es ro; do mv models/intent/$$lang.tsv.new models/intent/$$lang.tsv || exit 1; done
	@$(CARGO) run --release --locked --quiet -- eval intents --catalog demo/catalog.json --labels models/intent/examples/*.jsonl

lint: ## format, clippy, documentation
	@$(CARGO) fmt --check
	@$(CARGO) clippy --locked --features full --all-targets -- -D warnings
	@RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" $(CARGO) doc --locked --features full --no-deps

setup: ## Debian packages and the wake word's networks
	@scripts/setup.sh test

install: ## the program and the wake word's networks under /usr (as root, after `make setup` and a release build)
	install -D -m 755 target/release/tendero $(DESTDIR)/usr/bin/tendero
	install -d $(DESTDIR)/usr/share/tendero/wake
	install -m 644 runtime/wake/*.onnx $(DESTDIR)/usr/share/tendero/wake/

clean: ## what was built and fetched
	@$(CARGO) clean
	@rm -rf runtime demo.wav
