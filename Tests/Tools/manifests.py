#!/usr/bin/env python3
"""Holds rendered manifests against the schemas: Kubernetes' own of the oldest and newest release that is meant, and Tests/Vectors/crd.

Usage: manifests.py FILE…; each holds what `kubectl kustomize` printed. Prints a line for each fault and a count; exit code 1 on a fault.
"""
import json, pathlib, sys
import jsonschema, kubernetes_validate, yaml

CUSTOM = pathlib.Path(__file__).resolve().parent.parent / "Vectors/crd"
RELEASES = ("1.30", "1.37")  # preStop.sleep is on by default since 1.30


def faults(document):
    group = document["apiVersion"].rpartition("/")[0]
    if "." in group and not group.endswith(".k8s.io"):
        schema = json.loads((CUSTOM / f"{document['kind']}.json").read_text())
        for error in jsonschema.Draft202012Validator(schema).iter_errors(document):
            yield f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
        return
    for release in RELEASES:
        try:
            kubernetes_validate.validate(document, release, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"Kubernetes {release}: {'/'.join(map(str, error.path))}: {error.message}"


def main():
    count = broken = 0
    for file in sys.argv[1:]:
        seen = set()
        for document in yaml.safe_load_all(pathlib.Path(file).read_text()):
            identity = (document["kind"], document["metadata"].get("namespace"), document["metadata"]["name"])
            found = list(faults(document)) + (["it is there twice"] if identity in seen else [])
            seen.add(identity)
            count += 1
            for fault in found:
                broken += 1
                print(f"{file}: {document['kind']} {document['metadata']['name']}: {fault}")
    print(f"{count} documents, {broken} faults")
    sys.exit(1 if broken or not count else 0)


main()
