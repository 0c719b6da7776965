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
.PHONY: test start fmt clippy unit others kubernetes doc typos deny report bench demo clean

test: start fmt typos clippy unit doc deny report ## everything, in the order in which mistakes are cheapest

start:
	@mkdir -p $(TARGET)
	@: > $(SKIPPED)

fmt:
	cargo fmt --all --check

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

demo: ## the story, told live
	cargo run --release -- demo

bench: ## the figures of docs/benchmarks.md
	bench/run

clean:
	cargo clean
	rm -rf .venv bench/target
