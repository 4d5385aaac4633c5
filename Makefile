# Weir's commands. `make` lists them.
.DEFAULT_GOAL := help
SHELL := /usr/bin/env bash

everything := --workspace --all-features --locked

# Homebrew keeps libpq off the linker's path.
ifeq ($(shell uname -s),Darwin)
export PQ_LIB_DIR ?= $(shell brew --prefix libpq 2>/dev/null)/lib
endif

# Built with everything, as the tests are: nothing is compiled twice.
judge = cargo build -q $(everything) --example quality && "$${CARGO_TARGET_DIR:-target}/debug/examples/quality"

.PHONY: help run test lint fmt docs tidy config readme quality quality-check bench bench-slack bench-api bench-engine fuzz fuzz-api openapi up

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what building needs, then run the whole product on http://127.0.0.1:8080
	@deploy/build/install
	cargo run --release --locked

test: ## install what the tests need, then run all of them against throw-away servers
	@deploy/build/install
	@deploy/test/install
	deploy/test/with-servers deploy/test/run

lint: ## formatting and clippy, no warning allowed
	cargo fmt --all --check
	cargo clippy $(everything) --all-targets -- -D warnings

docs: ## build the documentation, no broken link allowed
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps $(everything)

tidy: ## check what no compiler does: layers, file sizes, links, migrations
	@deploy/tidy/self-test
	@deploy/tidy/check

fmt: ## format the code
	cargo fmt --all

config: ## write deploy/config anew from the code
	cargo run -q --locked --all-features -p coordinator -- config > deploy/config/coordinator.toml
	cargo run -q --locked --all-features -p scanner-node -- --print-reference > deploy/config/scanner-node.toml

openapi: ## write deploy/openapi/weir.json, the description of the REST API, anew from the code
	cargo run -q --locked --all-features -p coordinator -- openapi > deploy/openapi/weir.json

readme: ## write the README's table of detectors anew from the packs
	WEIR_WRITE_README=yes cargo test -q --locked -p scanner-node --all-features --test readme

bench: ## measure throughput and latency
	$(if $(WEIR_TEST_POSTGRES_URL),,deploy/test/with-servers) deploy/bench/run

bench-slack: ## measure how long leaks stand in Slack; deploy/bench/slack says what can be set
	$(if $(WEIR_TEST_POSTGRES_URL),,deploy/test/with-servers) deploy/bench/slack

bench-api: ## measure the REST API over many rows in PostgreSQL; deploy/bench/api says what can be set
	@$(if $(WEIR_TEST_POSTGRES_URL),,deploy/test/install)
	$(if $(WEIR_TEST_POSTGRES_URL),,deploy/test/with-servers) deploy/bench/api

quality: ## judge the built-in detectors and write QUALITY.md; WEIR_CORPORA=FOLDER adds labelled text
	$(judge)

quality-check: ## fail if the built-in detectors got worse on made-up text
	$(judge) --check

bench-engine: ## measure the detection engine against its rivals, on text made up
	cargo bench -q --locked -p scanner-node --no-default-features --features extract --bench engine

fuzz: ## run each fuzz target for SECONDS (60), on stable Rust; TARGETS="scan pack" for some of them
	@deploy/fuzz/run $(or $(SECONDS),60) $(TARGETS)

fuzz-api: ## hold the REST API to its description for SECONDS (60); SEED=1 repeats, ROLE=analyst narrows
	@deploy/fuzz/api $(or $(SECONDS),60)

up: ## build the images and start everything in Docker
	docker compose up --build
