# What a person types. Every target installs what it needs on a fresh Debian 12 machine with the Swift toolchain.

SHELL := /bin/bash
# Tests in release take long to build: only what the soak needs.
SOAK_ROOMS := AuditTests,ClusterTests,ListenerTests,LoadGeneratorTests,LoadClient,RedisFixtures,IdentityFixtures,LoadGenerator,IntentusClient,CertificateFiles,GatewayHTTP,Identity,TraceExport,Traces,DevelopmentAuthority,DevelopmentIssuer,Documents,Encryption,IntentProtocol,Machine
RELEASE := -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked

.PHONY: run cluster build image test soak bench microbench format lint

run: build ## a gateway, a worker and a token issuer on this machine, and a signed intent through them
	@Tests/Tools/demo "$$(swift build $(RELEASE) --show-bin-path)/intentusnet"

cluster: build ## three gateways, four workers and a real Redis on this machine, with a live view; Ctrl-C ends all
	@Tests/Tools/install cluster
	@Tests/Tools/cluster "$$(swift build $(RELEASE) --show-bin-path)/intentusnet"

build: ## the release build that `run`, `cluster`, `bench` and images use
	@Tests/Tools/install build
	swift build $(RELEASE) --product intentusnet

image: ## the container image localhost/intentusnet:dev, by buildah without a container engine, started once; as root
	@Tests/Tools/install build image
	@docker/build-image

test: ## every test
	@Tests/Tools/install build test
	swift build --build-tests
	@mkdir -p .build/reports
	INTENTUSNET_TEST_TLS_REPORT="$(CURDIR)/.build/reports/testssl.json" \
		INTENTUSNET_TEST_PYTHON="$(CURDIR)/.venv/bin/python" swift test --skip-build --disable-xctest --no-parallel

soak: build ## cluster, listener, audit log and load tests at full rates for full times; gateways and clients are release builds
	@Tests/Tools/install build test
	@mkdir -p .build/reports
	INTENTUSNET_ROOMS=$(SOAK_ROOMS) swift build -c release --build-tests --scratch-path .build/soak
	INTENTUSNET_ROOMS=$(SOAK_ROOMS) INTENTUSNET_SOAK=1 \
		INTENTUSNET_TEST_GATEWAY="$$(swift build $(RELEASE) --show-bin-path)/intentusnet" \
		INTENTUSNET_TEST_PYTHON="$(CURDIR)/.venv/bin/python" \
		INTENTUSNET_TEST_TLS_REPORT="$(CURDIR)/.build/reports/testssl.json" \
		swift test -c release --skip-build --scratch-path .build/soak --disable-xctest --no-parallel --filter "AuditTests|ClusterTests|ListenerTests|LoadGeneratorTests"

bench: build ## side by side with Envoy and HAProxy, warm and cold; and what sharing limits through Redis costs
	@Tests/Tools/install bench
	@Tests/Tools/bench "$$(swift build $(RELEASE) --show-bin-path)/intentusnet"

microbench: ## the parts of the warm path and the shared limits, each alone, held against their bounds
	@Tests/Tools/install build redis
	swift build $(RELEASE) --product Benchmarks
	"$$(swift build $(RELEASE) --show-bin-path)/Benchmarks"
	"$$(swift build $(RELEASE) --show-bin-path)/Benchmarks" redis

format: ## rewrites the sources in the house style
	swift format --in-place --recursive --parallel Package.swift Sources Tests

lint: ## reports where the sources leave the house style
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
