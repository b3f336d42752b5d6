"""Running the program: interruptions, exceptions of callbacks, MPI jobs, programs that are none."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
import scipy.sparse as sp

from deepxml_dist import Model, UsageError, program, train

LONG = {"extreme.num_epochs": 20000, "extreme.init": "random", "global.embedding_dims": 16}
# A program that tells how it is asked to end.
PATIENT = 'trap "echo asked >&2; exit 75" USR1; echo ready >&2; while true; do sleep 0.05; done'
DEAF = 'trap "" USR1 TERM; echo $$ >&2; while true; do sleep 0.05; done'


def _interrupted(script, tmp_path, data):
    """Ctrl-C as a terminal sends it, to the script's whole group, when its run trains; the run's processes must end with it."""
    sp.save_npz(tmp_path / "X.npz", data[0])
    sp.save_npz(tmp_path / "Y.npz", data[1])
    # Where tests run in the background of a shell, interrupts are ignored.
    heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    child = subprocess.Popen(
        [sys.executable, "-c", f"{heeds}\n{script}"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert child.stdout.readline() == "trains\n"
    os.killpg(child.pid, signal.SIGINT)
    said = child.communicate(timeout=60)[0]
    assert _processes(tmp_path) == []
    return said


def _processes(folder):
    """Processes, other than zombies, that have a path in this folder as an argument."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                if str(folder) in file.read():
                    found.append(int(pid))
        except OSError:
            pass
    return found


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc")
@pytest.mark.parametrize("ranks", [1, 3])
def test_ctrl_c_writes_a_checkpoint(data, tmp_path, ranks):
    if ranks > 1 and shutil.which("mpirun") is None:
        pytest.skip("mpirun is not there")
    script = f"""if True:
        import scipy.sparse as sp
        from deepxml_dist import train
        def progress(line):
            if "extreme 20/" in line:
                print("trains", flush=True)
            said.append(line)
        said = []
        try:
            train(sp.load_npz("X.npz"), sp.load_npz("Y.npz"), framework="DeepXML-OVA", settings={LONG}, seeds=[1], ranks={ranks},
                  threads=1, work={str(tmp_path / "work")!r},
                  progress=progress, arguments=["--checkpoint-every", "0", "--checkpoint-minutes", "0"])
        except KeyboardInterrupt:
            print("interrupted", [line for line in said[-1:]])
    """
    said = _interrupted(script, tmp_path, data)
    assert said.startswith("interrupted") and "stopped after a checkpoint" in said


def _raises_when(said, wanted, error):
    """A handler of SIGALRM that raises, and a progress that sends the signal once the command is ready."""

    def handler(number, frame):
        raise error

    def progress(line):
        said.append(line)
        if line == wanted or wanted is None:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)

    return signal.signal(signal.SIGALRM, handler), progress


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), RuntimeError("of a handler")])
def test_an_exception_lets_the_command_write_its_checkpoint(error):
    said = []
    before, progress = _raises_when(said, "ready", error)
    try:
        with pytest.raises(type(error)):
            program.run(["bash", "-c", PATIENT], progress)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert said == ["ready", "asked"]


def test_a_second_interrupt_kills():
    said, began = [], time.monotonic()
    before, progress = _raises_when(said, None, KeyboardInterrupt())
    again = threading.Timer(1, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM))
    again.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            program.run(["bash", "-c", DEAF], progress)
    finally:
        again.join()
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 20
    with pytest.raises(ProcessLookupError):
        os.kill(int(said[0]), 0)


def test_a_progress_that_raises_stops_the_command():
    def progress(line):
        said.append(line)
        raise LookupError(line)

    said = []
    with pytest.raises(LookupError, match="ready"):
        # More than a pipe holds, so that somebody has to go on reading.
        program.run(["bash", "-c", PATIENT.replace("echo asked", "yes | head -c 300000")], progress)
    assert said == ["ready"]


def test_lines_that_are_not_utf8():
    said = []
    assert program.run(["bash", "-c", r"printf 'a\xff\nb\n' >&2; printf 'c\xff'"], said.append) == "c\ufffd"
    assert said == ["a\ufffd", "b"]


def test_a_model_is_no_rank_of_the_job_of_its_script(model, data, tmp_path):
    if shutil.which("mpirun") is None:
        pytest.skip("mpirun is not there")
    sp.save_npz(tmp_path / "X.npz", data[0][:5])
    script = f"""if True:
        import os, scipy.sparse as sp
        from deepxml_dist import Model
        with Model({model.folder!r}) as model:
            print(os.environ["OMPI_COMM_WORLD_RANK"], model.predict(sp.load_npz("X.npz"), 3).shape)
    """
    variables = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "HWLOC_COMPONENTS": "-opencl"}
    command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", "2", sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=60)
    assert sorted(ran.stdout.splitlines()) == ["0 (5, 20)", "1 (5, 20)"], ran.stderr


def test_what_a_person_sets_for_mpi_stays(monkeypatch):
    monkeypatch.setenv("OMPI_MCA_btl", "self")
    monkeypatch.setenv("OMPI_MCA_orte_tmpdir_base", "/tmp")
    assert program.environment() == dict(os.environ)
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "1")
    kept = program.environment()
    assert kept["OMPI_MCA_btl"] == "self" and not {"OMPI_COMM_WORLD_RANK", "OMPI_MCA_orte_tmpdir_base"} & kept.keys()


@pytest.mark.parametrize("answer", [None, "", "no JSON", "[1]", "{}", '{"kind": "model"}', '{"kind": "ensemble", "learners": [1]}'])
def test_another_program_is_named(tmp_path, answer):
    other = tmp_path / "other"
    other.write_text(f"#!/bin/sh\nprintf '%s' '{answer}'\n" if answer is not None else "\0no program")
    other.chmod(0o755)
    with pytest.raises(UsageError, match=str(other)):
        Model.load(tmp_path, program=str(other))


def test_a_program_that_cannot_be_started_is_named(data, tmp_path):
    (tmp_path / "other").write_text("#!/no/such/shell\n")
    (tmp_path / "other").chmod(0o755)
    with pytest.raises(UsageError, match="other cannot be started"):
        train(*data, work=tmp_path, program=str(tmp_path / "other"), progress=False)
