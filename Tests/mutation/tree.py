"""A copy of the package with changed sources, built once: each change stands behind a switch and acts only in a run that names it."""
import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SWITCHES = "MutantSwitches.swift"


def text_of(path):
    with open(path) as file:
        return file.read()


class Tree:
    def __init__(self, folder, folders, unneeded):
        """`folders` of the package are copied to `folder`/tree, without the targets `unneeded`."""
        self.root = os.path.join(ROOT, folder, "tree")
        self.scratch = os.path.join(ROOT, folder, "build")
        self.release = os.path.join(self.scratch, "release")
        self.folders, self.unneeded = folders, unneeded

    def write(self, changed, definitions):
        """Copies the package: files of `changed` with that text, and switches in each module of `definitions`, with more
        code of its own. What is as it was keeps its time, so that little is built anew."""
        wanted = {"Package.swift": self._manifest().encode()}
        for name in self.folders:
            for folder, _, files in os.walk(os.path.join(ROOT, name)):
                if "corpus" not in folder.split(os.sep):
                    for file in files:
                        path = os.path.relpath(os.path.join(folder, file), ROOT)
                        with open(os.path.join(ROOT, path), "rb") as source:
                            wanted[path] = source.read()
        wanted.update({path: text.encode() for path, text in changed.items()})
        switches = text_of(os.path.join(HERE, "Switches.swift.txt"))
        for module, more in definitions.items():
            wanted[f"Sources/{module}/{SWITCHES}"] = (switches + "\n" + more).encode()
        for path, content in wanted.items():
            self.put(path, content)
        for folder, _, files in os.walk(self.root):
            for file in files:
                if os.path.relpath(os.path.join(folder, file), self.root) not in {*wanted, "Package.resolved"}:
                    os.unlink(os.path.join(folder, file))

    def put(self, path, content):
        """Writes one file of the copy, with the rights of the package's own, where it is not the same already."""
        target, source = os.path.join(self.root, path), os.path.join(ROOT, path)
        if os.path.exists(target):
            with open(target, "rb") as file:
                if file.read() == content:
                    return
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)
        if os.path.exists(source):
            os.chmod(target, os.stat(source).st_mode)

    def _manifest(self):
        """Package.swift without what isn't needed, and with warnings allowed."""
        text = text_of(os.path.join(ROOT, "Package.swift")).replace(".treatAllWarnings(as: .error)", "")
        text = re.sub(r"\n    products: \[.*\],", "", text)
        # A target of Package.swift ends where the next one, or the list, does.
        for name in self.unneeded:
            text = re.sub(r"        \.\w+\(\s*name: \"" + name + r"\"(.*\n)+?(?=        [./]|    \])", "", text)
        return text

    def build(self):
        command = ["nice", "swift", "build", "-c", "release", "--build-tests", "--scratch-path", self.scratch]
        return subprocess.run(command, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, number, command, limit, variables={}):
        """Exit code and output of a command with the change `number` (0: none); None where it didn't end within `limit` s."""
        environment = dict(os.environ, DEEPXML_MUTANT=str(number), SWIFT_BACKTRACE="enable=no", **variables)
        # A file, as processes that a job has left behind would keep a pipe open.
        with tempfile.TemporaryFile("w+", errors="replace") as output:
            job = subprocess.Popen(command, cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)
            try:
                code = job.wait(limit)
            except subprocess.TimeoutExpired:
                os.killpg(job.pid, 9)
                job.wait()
                return None
            output.seek(0)
            return code, output.read()

    def run_tests(self, number, name, limit):
        """`run` of the tests of `swift test --filter name`."""
        bundle = os.path.join(self.release, "deepxml-distPackageTests.xctest")
        return self.run(number, [bundle, "--testing-library", "swift-testing", "--filter", name], limit)
