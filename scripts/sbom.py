"""Write a bill of materials (CycloneDX, JSON): the packages that Gatehouse runs on, with hashes.

The same commit gives the same bytes. ``python scripts/sbom.py FILE``
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from third_party import ROOT, Package, Part, licences, packages, parts

UNKNOWN = "NOASSERTION"


def bill(epoch: int) -> str:
    """The document as text. ``epoch`` is its time, in seconds."""
    found, own = packages(), _gatehouse()
    components = {name: _component(package) for name, package in found.items()}
    for part in parts():
        components[part.package].components.add(_part(part))
    bom = Bom(
        components=components.values(),
        serial_number=uuid5(NAMESPACE_URL, f"gatehouse@{own.version}#{epoch}"),
        metadata=BomMetaData(component=own, timestamp=datetime.fromtimestamp(epoch, UTC)),
    )
    direct = [components[name] for name, package in found.items() if package.is_direct]
    bom.register_dependency(own, direct)
    for wanting, component in components.items():
        needed = [components[name] for name, each in found.items() if wanting in each.wanted_by]
        bom.register_dependency(component, needed)
    output = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return output.output_as_string(indent=2) + "\n"


def commit_epoch() -> int:
    """``SOURCE_DATE_EPOCH``, or else the time of the commit that is checked out."""
    if told := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(told)
    shown = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(shown.stdout)


def _gatehouse() -> Component:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref=project["name"],
        licenses=[LicenseFactory().make_from_string(project["license"])],
    )


def _component(package: Package) -> Component:
    url = PackageURL(type="pypi", name=package.name, version=package.version)
    licence = licences()[package.name]
    return Component(
        name=package.name,
        version=package.version,
        bom_ref=str(url),
        purl=url,
        scope=ComponentScope.OPTIONAL if package.is_optional else ComponentScope.REQUIRED,
        licenses=[] if licence == UNKNOWN else [LicenseFactory().make_from_string(licence)],
        properties=[Property(name="gatehouse:marker", value=package.marker)]
        if package.marker
        else [],
        # One for each file that may be installed: wheels for platforms, and the source.
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION,
                url=XsUri(str(url)),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each)],
            )
            for each in package.hashes
        ],
    )


def _part(part: Part) -> Component:
    return Component(
        name=part.name,
        version=part.version or None,
        bom_ref=f"{part.package}#{part.name}",
        licenses=[LicenseFactory().make_from_string(part.licence)],
        properties=[Property(name="gatehouse:path", value=part.path)],
    )


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(bill(commit_epoch()))
    print(target)
