# `make test` is everything that a change must pass. It needs Rust, Python 3.10+ and a C compiler, and fetches the rest
# into folders that git ignores. Clients in other languages need Go, Node.js and Java, and the Kubernetes API server is built
# by `make kubernetes`. With CI=true a step that cannot run is a failure; otherwise it says that it was skipped.

export BOWLINE_TEST_VENV ?= $(CURDIR)/.venv
TARGET  := $(abspath $(or $(CARGO_TARGET_DIR),$(CURDIR)/target))
TOOLS   := $(TARGET)/tools
SKIPPED := $(TARGET)/skipped.txt
CLIENTS := $(BOWLINE_TEST_VENV)/.installed
# The convention by which tests find a Kubernetes API server and its etcd.
export KUBEBUILDER_ASSETS ?= $(TARGET)/kubernetes
APISERVER := $(KUBEBUILDER_ASSETS)/kube-apiserver

DENY_VERSION := 0.20.2
DENY := $(firstword $(wildcard $(TOOLS)/bin/cargo-deny) $(shell command -v cargo-deny 2>/dev/null))

.NOTPARALLEL:
.PHONY: test start fmt clippy unit others kubernetes workshop any-day doc typos deny report bench demo locks clean

test: start fmt typos clippy unit workshop any-day doc deny report ## everything, in the order in which mistakes are cheapest

start:
	@mkdir -p $(TARGET)
	@: > $(SKIPPED)

fmt:
	cargo fmt --all --check
	cd fuzz && cargo fmt --check
	cd bench && cargo fmt --check

clippy:
	cargo clippy --locked --workspace --all-targets -- -D warnings

# The clients come first: a test that drives boto3 or the AWS CLI finds them by BOWLINE_TEST_VENV.
unit: $(CLIENTS) others
	cargo test --locked --workspace

others:
	crates/bowline/tests/clients/install $(TARGET)/clients $(SKIPPED)
	@test -x $(APISERVER) || echo 'a Kubernetes API server: make kubernetes (needs Go 1.26)' >> $(SKIPPED)

# Building it takes 4 minutes and 2 GB, so only CI does it unasked.
ifeq ($(CI),true)
others: kubernetes
endif

kubernetes: $(APISERVER) ## a Kubernetes API server and its etcd, for the tests

$(APISERVER): crates/bowline/tests/kubernetes/go.sum
	cd $(<D) && go build -trimpath -ldflags='-s -w' -o $(@D)/ ./etcd ./kube-apiserver

# Workspaces of their own. The corpus of the fuzz targets is replayed without libFuzzer, which needs a C++ compiler.
workshop: export CARGO_TARGET_DIR := $(TARGET)
workshop: ## lints and builds fuzz and bench, and replays the corpus
	cd fuzz && cargo clippy --locked --all-targets --no-default-features -- -D warnings
	cd fuzz && cargo test --locked --lib --no-default-features
	cd bench && cargo clippy --locked --all-targets -- -D warnings
	cd bench && cargo build --locked

# The tests that look at the clock, on two other days. `tools/any-day DATE` runs all of them.
DATED := credential_renewal:: explain:: kubernetes:: startup:: token_attacks:: token_exchange:: trusted_proxy:: \
  dynamodb::boto3_calls dynamodb::permissions:: request_attacks::a_s clients::boto3_calls_every_user
any-day: $(CLIENTS) ## some tests at the end of a year, and on the day after 28 February
ifneq ($(shell command -v faketime),)
	tools/any-day '2027-12-31 23:59:50' $(DATED)
	tools/any-day '2036-02-28 23:59:30' $(DATED)
else
	@echo 'tests on another day: needs faketime' >> $(SKIPPED)
endif

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

typos: $(CLIENTS)
	$(BOWLINE_TEST_VENV)/bin/typos

# cargo-deny is built from source, which takes minutes, so only CI installs it. Elsewhere it runs if it is installed and is skipped if not.
deny:
ifneq ($(DENY),)
	$(DENY) --locked check bans licenses sources
else ifeq ($(CI),true)
	cargo install cargo-deny --locked --version $(DENY_VERSION) --root $(TOOLS)
	$(TOOLS)/bin/cargo-deny --locked check bans licenses sources
else
	@echo 'cargo-deny (bans, licences, sources): cargo install cargo-deny --locked --version $(DENY_VERSION)' >> $(SKIPPED)
endif

report:
	@sed 's/^/skipped: /' $(SKIPPED)
	@echo 'All that ran passed.'

$(CLIENTS): crates/bowline/tests/clients/requirements.txt
	python3 -m venv $(BOWLINE_TEST_VENV)
	$(BOWLINE_TEST_VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

demo: ## a demonstration of every feature
	cargo run -- demo

bench: ## the figures of docs/benchmarks.md
	bench/run

# Their dependencies are those of the workspace, in the same versions, so that they are built once.
locks: ## the lock files of fuzz and bench, after a change of dependencies
	cp Cargo.lock fuzz/Cargo.lock && cd fuzz && cargo metadata --format-version 1 > /dev/null
	cp Cargo.lock bench/Cargo.lock && cd bench && cargo metadata --format-version 1 > /dev/null

clean:
	cargo clean
	rm -rf .venv
