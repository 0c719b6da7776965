# `make test` runs every check. It needs Rust, Python 3.10+ and a C compiler, and installs the rest into folders that git
# ignores. Clients in other languages need Go 1.24, Node.js 20 with npm and a JDK 17 with Maven; other tests need faketime, nginx and
# the Kubernetes API server of `make kubernetes`. With CI=true a step that cannot run is an error; otherwise it is listed as skipped.

# Paths may contain spaces, so they are quoted, and no target of this file is one of them.
export BOWLINE_TEST_VENV ?= $(CURDIR)/.venv
TARGET := $(if $(CARGO_TARGET_DIR),$(shell realpath -m -- "$(CARGO_TARGET_DIR)"),$(CURDIR)/target)
TOOLS := $(TARGET)/tools
SKIPPED := $(TARGET)/skipped.txt
# Where tests look for a Kubernetes API server and its etcd, by convention.
export KUBEBUILDER_ASSETS ?= $(TARGET)/kubernetes

DENY_VERSION := 0.20.2

.NOTPARALLEL:
.PHONY: help test start fmt clippy unit clients others kubernetes workshop any-day doc typos deny report bench neighbours demo locks clean

help: ## this list
	@echo "make TARGET, with TARGET one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

test: start fmt typos clippy unit workshop any-day doc deny report ## everything, in the order in which mistakes are cheapest

start:
	@mkdir -p "$(TARGET)"
	@: > "$(SKIPPED)"

fmt:
	cargo fmt --all --check
	cd fuzz && cargo fmt --check
	cd bench && cargo fmt --check

clippy:
	cargo clippy --locked --workspace --all-targets -- -D warnings

# The clients come first: tests find boto3 and the AWS CLI by BOWLINE_TEST_VENV.
unit: clients others
	cargo test --locked --workspace

# The script `aws` of the package starts with the path of Python, which must not contain a space, so it is replaced.
clients: ## boto3, the AWS CLI and typos
	@test "$(BOWLINE_TEST_VENV)/.installed" -nt crates/bowline/tests/clients/requirements.txt || { \
	  python3 -m venv "$(BOWLINE_TEST_VENV)" && \
	  "$(BOWLINE_TEST_VENV)/bin/pip" install --quiet --disable-pip-version-check \
	    -r crates/bowline/tests/clients/requirements.txt && \
	  printf '#!/bin/sh\nexec "$${0%%/*}/python" -m awscli "$$@"\n' > "$(BOWLINE_TEST_VENV)/bin/aws" && \
	  touch "$(BOWLINE_TEST_VENV)/.installed"; }

others:
	crates/bowline/tests/clients/install "$(TARGET)/clients" "$(SKIPPED)"
	@test -x "$(KUBEBUILDER_ASSETS)/kube-apiserver" || \
	  echo 'a Kubernetes API server: make kubernetes (needs Go 1.26)' >> "$(SKIPPED)"

# To build it takes 4 minutes and 2 GB, so only CI always does.
ifeq ($(CI),true)
others: kubernetes
endif

kubernetes: ## a Kubernetes API server and its etcd, for the tests
	@test "$(KUBEBUILDER_ASSETS)/kube-apiserver" -nt crates/bowline/tests/kubernetes/go.sum || { \
	  cd crates/bowline/tests/kubernetes && \
	  go build -trimpath -ldflags='-s -w' -o "$(KUBEBUILDER_ASSETS)/" ./etcd ./kube-apiserver && \
	  touch "$(KUBEBUILDER_ASSETS)/kube-apiserver"; }

# Workspaces of their own. The corpus of the fuzz targets is replayed without libFuzzer, which needs a C++ compiler.
workshop: export CARGO_TARGET_DIR := $(TARGET)
workshop: ## lints and builds fuzz and bench, and replays the corpus
	cd fuzz && cargo clippy --locked --all-targets --no-default-features -- -D warnings
	cd fuzz && cargo test --locked --lib --no-default-features
	cd bench && cargo clippy --locked --all-targets -- -D warnings
	cd bench && cargo build --locked

# The tests that depend on the clock, on two other days. `tools/any-day DATE` runs all tests.
DATED := credential_renewal:: explain:: startup:: token_attacks:: token_exchange:: trusted_proxy:: dynamodb::boto3_calls \
  dynamodb::permissions:: request_attacks::a_s boto3_calls_every_user
any-day: clients ## some tests at the end of a year, and at the end of 28 February in a leap year
	@if command -v faketime >/dev/null; then \
	  tools/any-day '2027-12-31 23:59:50' $(DATED) && tools/any-day '2036-02-28 23:59:50' $(DATED); \
	elif [ "$(CI)" = true ]; then \
	  echo 'error: tests on another day need faketime' >&2; exit 1; \
	else \
	  echo 'tests on another day: needs faketime' >> "$(SKIPPED)"; \
	fi

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

typos: clients
	"$(BOWLINE_TEST_VENV)/bin/typos"

# To build cargo-deny takes minutes, so only CI installs it. Elsewhere it runs if it is installed.
deny:
	@export PATH="$(TOOLS)/bin:$$PATH"; \
	if ! command -v cargo-deny >/dev/null; then \
	  if [ "$(CI)" = true ]; then \
	    cargo install cargo-deny --locked --version $(DENY_VERSION) --root "$(TOOLS)" || exit 1; \
	  else \
	    echo 'cargo-deny (bans, licences, sources): cargo install cargo-deny --locked --version $(DENY_VERSION)' >> "$(SKIPPED)"; \
	    exit 0; \
	  fi; \
	fi; \
	cargo-deny --locked check bans licenses sources

report:
	@sed 's/^/skipped: /' "$(SKIPPED)"
	@echo 'All that ran passed.'

demo: ## a demonstration of every feature
	cargo run -- demo

bench: ## the figures of docs/benchmarks.md
	bench/run

neighbours: ## what a client notices of another one's attacks; ATTACK="word ..." measures those alone and writes no table
	bench/neighbours $(ATTACK)

# Their dependencies have the versions of the workspace's, so that they are built once.
locks: ## the lock files of fuzz and bench, after a change of dependencies
	cp Cargo.lock fuzz/Cargo.lock && cd fuzz && cargo metadata --format-version 1 > /dev/null
	cp Cargo.lock bench/Cargo.lock && cd bench && cargo metadata --format-version 1 > /dev/null

clean:
	cargo clean
	rm -rf .venv
