#!/usr/bin/env python3
"""Looks at docker/compose.yaml without an engine: the schema that Compose itself reads it by, and what a schema cannot say.

Usage: compose.py FILE prints a line for each fault, and `ok` with the number of services;
       compose.py FILE SERVICE prints the words of a service's command, one a line.
"""
import importlib.metadata, json, pathlib, shlex, sys
import jsonschema, yaml


def schema():
    # The package docker-compose is installed for its schema alone: nothing of it is run.
    listed = importlib.metadata.files("docker-compose") or sys.exit("compose.py: run Tests/Tools/install test")
    return json.loads(next(file for file in listed if file.name == "compose_spec.json").locate().read_text())


def faults(file):
    composition = yaml.safe_load(file.read_text())
    named = composition.pop("name")  # younger than that schema
    if not named.isalpha(): yield f"name: {named}"
    for error in jsonschema.Draft7Validator(schema()).iter_errors(composition):
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
    services = composition["services"]
    for name, service in services.items():
        for needed, how in needs(service).items():
            if needed not in services: yield f"{name} depends on {needed}, which is no service"
            elif how.get("condition") == "service_healthy" and not is_watched(services[needed]):
                yield f"{name} waits for {needed} to be healthy, which nothing looks at"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith(".") and not (file.parent / source).exists(): yield f"{name}: {source} is not there"
            elif not source.startswith(".") and source not in composition["volumes"]: yield f"{name}: no volume {source}"
        for network in service.get("networks", []):
            if network not in composition["networks"]: yield f"{name}: no network {network}"
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"): yield f"{name}: {port} is open to every machine"
        for key, value in {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}.items():
            if service.get(key) != value: yield f"{name}: {key} is not {value}"
        if str(service.get("user", "0")).split(":")[0] == "0": yield f"{name} runs as root"
        if ":latest" in service["image"] or ":" not in service["image"]: yield f"{name}: the image has no version"


def needs(service):
    stated = service.get("depends_on", {})
    return {name: {} for name in stated} if isinstance(stated, list) else stated


def is_watched(service): return "healthcheck" in service or "build" in service  # ours has a HEALTHCHECK


def main():
    file = pathlib.Path(sys.argv[1])
    if len(sys.argv) > 2:
        command = yaml.safe_load(file.read_text())["services"][sys.argv[2]]["command"]
        return print("\n".join(shlex.split(command) if isinstance(command, str) else command))
    found = list(faults(file))
    print("\n".join(found) if found else f"ok: {len(yaml.safe_load(file.read_text())['services'])} services")
    sys.exit(1 if found else 0)


main()
