#!/usr/bin/python3 -IS
"""A stand-in for a cluster behind `kubectl` and `helm`: a JSON file ($CLUSTER) with its resources, what the commands
in its pods say, and every call that was made. Called as either program, through links of their names.

It knows the verbs, selectors and JSONPath expressions that the uninstall script uses, and fails at any other.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

KINDS = {"statefulsets": "statefulset.apps", "deployments": "deployment.apps", "jobs": "job.batch", "pods": "pod",
         "secrets": "secret", "configmaps": "configmap", "persistentvolumeclaims": "persistentvolumeclaim",
         "persistentvolumes": "persistentvolume"}


def field(tree, path: str) -> list:
    """What a path such as .items[*].spec.containers[?(@.name=="x")].env[0] leads to."""
    found = [tree]
    for name, bracket in re.findall(r"\.((?:[\w-]|\\\.)+)|\[([^]]*)\]", path):
        if name:
            name = name.replace("\\.", ".")
            found = [one[name] for one in found if name in one]
        elif bracket == "*":
            found = [one for many in found for one in many]
        elif wanted := re.fullmatch(r'\?\(@\.(\w+)=="([^"]*)"\)', bracket):
            found = [one for many in found for one in many if one.get(wanted[1]) == wanted[2]]
        else:
            found = [many[int(bracket)] for many in found]
    return found


def jsonpath(tree, template: str) -> str:
    if loop := re.fullmatch(r"\{range ([^}]+)\}(.*)\{end\}", template):
        return "".join(jsonpath(one, loop[2]) for one in field(tree, loop[1]))
    return re.sub(r'\{(?:"([^"]*)"|([^}]+))\}|([^{])',
                  lambda part: part[3] or (part[1].replace("\\n", "\n") if part[1] is not None
                                           else " ".join(map(str, field(tree, part[2])))), template)


def selected(resource: dict, selector: str) -> bool:
    labels = resource["metadata"].get("labels", {})
    for term in filter(None, selector.split(",")):
        name, unequal, value = re.fullmatch(r"([\w./-]+?)(!?)=([\w.-]+)", term).groups()
        if (labels.get(name) == value) == bool(unequal):
            return False
    return True


class Cluster:
    def __init__(self, path: pathlib.Path):
        self.path = path
        self.state = json.loads(path.read_text())

    def save(self):
        self.path.write_text(json.dumps(self.state))

    def find(self, kinds: str, namespace: str, selector: str, phase: str | None) -> list[dict]:
        wanted = [KINDS[kind] for kind in kinds.split(",")]
        return [one for one in self.state["resources"] if one["kind"] in wanted and selected(one, selector)
                and one["metadata"].get("namespace") in (None, namespace)
                and phase in (None, one.get("status", {}).get("phase"))]

    def remove(self, resource: dict):
        self.state["resources"].remove(resource)
        if resource["kind"] == "persistentvolumeclaim":
            self.released(resource["metadata"])

    def released(self, claim: dict):
        """The volume of a claim that is gone: kept, or gone as well."""
        for volume in [one for one in self.state["resources"] if one["kind"] == "persistentvolume"]:
            if volume["spec"]["claimRef"] == {"namespace": claim["namespace"], "name": claim["name"]}:
                volume["status"]["phase"] = "Released"
                if volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete":
                    self.state["resources"].remove(volume)

    def helm(self, words: list[str], options: dict):
        if words == ["list"]:
            for namespace, name in self.state["releases"]:
                if namespace == options["namespace"] and re.search(options["filter"], name):
                    print(name)
        elif words[0] == "uninstall":
            self.state["releases"].remove([options["namespace"], words[1]])
            for one in list(self.state["resources"]):
                metadata = one["metadata"]
                if metadata.get("managed_by") == words[1] and metadata["namespace"] == options["namespace"]:
                    self.remove(one)
        else:
            raise SystemExit(f"helm: {words}")

    def kubectl(self, words: list[str], options: dict):
        namespace = options.get("namespace", "default")
        if words == ["config", "current-context"]:
            print("test")
        elif words[0] == "get" and words[1] == "secret":
            for one in self.find("secrets", namespace, "", None):
                if one["metadata"]["name"] == words[2]:
                    kind, template = options["output"].split("=", 1)
                    print(one["password"] if kind == "go-template" else jsonpath(one, template))
        elif words[0] == "get":
            found = self.find(words[1], namespace, options.get("selector", ""),
                              options.get("field-selector", "").removeprefix("status.phase=") or None)
            if options["output"] == "name":
                for one in found:
                    print(f"{one['kind']}/{one['metadata']['name']}")
            else:
                print(jsonpath({"items": found}, options["output"].removeprefix("jsonpath=")), end="")
        elif words[0] == "delete" and "selector" in options:
            assert options["selector"], "all of them?"
            for one in self.find(words[1], namespace, options["selector"], None):
                self.remove(one)
        elif words[0] == "delete":
            for name in words[1:]:
                for one in list(self.state["resources"]):
                    if (name == f"{one['kind']}/{one['metadata']['name']}"
                            and one["metadata"].get("namespace") in (None, namespace)):
                        self.remove(one)
        else:
            raise SystemExit(f"kubectl: {words}")

    def execute(self, pod: str, command: list[str]) -> int:
        if command[0] == "audit-manager":
            told = self.state["metrics" if command[1:] == ["metrics"] else "inspections"][pod]
            print(told["says"], end="")
            return told.get("code", 0)
        self.save()
        return subprocess.run(command, check=False).returncode  # here, as in the pod


def main() -> int:
    program = pathlib.Path(sys.argv[0]).name
    cluster = Cluster(pathlib.Path(os.environ["CLUSTER"]))
    call = [program, *sys.argv[1:]]
    cluster.state["calls"].append(call)
    cluster.save()
    for failure in cluster.state["failures"]:
        if failure in " ".join(call):
            print(f"Error: {failure} is forbidden", file=sys.stderr)
            return 1
    arguments = sys.argv[1:]
    command = []
    if "--" in arguments:
        arguments, command = arguments[:arguments.index("--")], arguments[arguments.index("--") + 1:]
    words, options = [], {}
    while arguments:
        word = arguments.pop(0)
        if word in ("--all", "--short", "--wait", "--ignore-not-found", "--stdin"):
            options[word[2:]] = True
        elif word.startswith("--"):
            options[word[2:]] = arguments.pop(0)
        else:
            words.append(word)
    if words[0] == "exec":
        return cluster.execute(words[1].removeprefix("pod/"), command)
    getattr(cluster, program)(words, options)
    cluster.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
