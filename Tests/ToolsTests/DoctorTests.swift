import Foundation
import Support
import Testing
import Tools

@Suite struct DoctorTests {
    private let work = NSTemporaryDirectory()

    /// A sound machine of eight cores, changed by `change`.
    private func verdict(of subject: String, _ change: (inout Machine) -> Void = { _ in }) throws -> Diagnosis {
        var machine = Machine.current
        machine.environment = ["PATH": ""]
        machine.text = { path in
            switch path {
            case "/proc/cpuinfo": "flags\t\t: fpu avx avx2 avx512f\n"
            case "/proc/meminfo": "MemTotal: 32000000 kB\nMemAvailable: 16000000 kB\n"
            case "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never"
            default: nil
            }
        }
        (machine.onlineCores, machine.boundCores, machine.isRoot) = (8, 8, false)
        machine.space = { _ in (1 << 40, 1 << 39) }
        machine.limit = { _ in nil }
        change(&machine)
        return try #require(Doctor(machine: machine, work: work).examine().first { $0.subject == subject })
    }

    @Test(
        "A sound machine is ok",
        arguments: [
            "MPI", "launcher", "ranks and cores", "thread binding", "thread variables", "processor", "matrix products",
            "huge pages", "memory",
            "/dev/shm",
            "open files", "locked memory", "address space", "disk space", "writing", "file locks", "HDF5",
        ])
    func sound(subject: String) throws {
        let found = try verdict(of: subject)
        #expect(found.verdict == .ok && found.advice.isEmpty)
    }

    @Test("GPUs: what each is, a driver that is of no use, none") func devices() {
        let device = GPUDescription(
            driver: .cuda, index: 0, name: "NVIDIA H200", version: "12.8", totalBytes: 141 << 30, freeBytes: 140 << 30,
            capability: "9.0", compiler: "NVRTC 12.9")
        let broken = UnusableDriver(driver: .cuda, found: "NVRTC is not there", advice: "install it")
        let one = DeviceChecks(visible: VisibleGPUs(devices: [device], mask: "3", unusable: [broken])).all()
        #expect(
            one == [
                .warn("CUDA", "there, and cannot be used: NVRTC is not there", "install it"),
                .ok(
                    "GPU 0",
                    "NVIDIA H200, CUDA 12.8, NVRTC 12.9, compute capability 9.0, 141.00 GiB, 140.00 GiB free, --fast-math with "
                        + "own kernels alone, as cuBLASLt is not there, of CUDA_VISIBLE_DEVICES=3"),
            ])
        let none = DeviceChecks(visible: VisibleGPUs(missing: ["libcuda.so.1 is not there"])).all()
        #expect(none.count == 1 && none[0].verdict == .ok && none[0].found == "none (libcuda.so.1 is not there)")
        #expect(none[0].advice.contains("nvidia-cuda-nvrtc-cu12") && none[0].advice.contains("ocl-icd-libopencl1"))
    }

    @Test("Missing programs") func programs() throws {
        #expect(try verdict(of: "start of processes").verdict == .fail)
        #expect(try verdict(of: "fastText").verdict == .warn)
    }

    @Test("More workers than cores; the coordinator is none") func oversubscribed() throws {
        let of = { (ranks: String) in { (machine: inout Machine) in machine.environment["OMPI_COMM_WORLD_LOCAL_SIZE"] = ranks } }
        #expect(try verdict(of: "ranks and cores", of("9")).verdict == .ok)
        #expect(try verdict(of: "ranks and cores", of("10")).verdict == .warn)
    }

    @Test("Bound to one core") func bound() throws {
        #expect(try verdict(of: "thread binding") { $0.boundCores = 1 }.verdict == .warn)
        #expect(try verdict(of: "thread variables") { $0.environment["OMP_PROC_BIND"] = "true" }.verdict == .warn)
        #expect(try verdict(of: "thread variables") { $0.environment["OMP_NUM_THREADS"] = "2" }.verdict == .ok)
    }

    @Test("Matrix products: as fast as OpenBLAS's, slower, wrong") func products() throws {
        #expect(try verdict(of: "matrix products") { _ in }.verdict != .fail)
        func judged(_ ratio: Double, _ apart: Float) -> Diagnosis {
            ProductCheck.verdict(speed: 70, ratio: ratio, apart: apart, blas: "Zen")
        }
        #expect(judged(0.97, 1e-5) == .ok("matrix products", "70 GFLOP/s a core, 97 % of OpenBLAS (Zen)"))
        #expect(judged(0.5, 1e-5).verdict == .warn)
        #expect(judged(1, .nan).verdict == .fail && judged(1, 0.1).verdict == .fail)
    }

    @Test("An old processor, and no huge pages") func processor() throws {
        #expect(try verdict(of: "processor") { $0.text = { _ in nil } }.verdict == .warn)
        #expect(try verdict(of: "huge pages") { $0.text = { _ in "always madvise [never]" } }.verdict == .warn)
    }

    @Test(
        "A container's limit counts, in both versions of control groups",
        arguments: [
            ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
        ])
    func container(limit: String, usage: String) throws {
        let found = try verdict(of: "memory") { machine in
            machine.text = { path in
                path == "/proc/meminfo"
                    ? "MemAvailable: 16000000 kB\n" : path == limit ? "1073741824\n" : path == usage ? "805306368\n" : nil
            }
        }
        #expect(found.verdict == .warn && found.found.contains("256 MiB") && found.found.contains("1.00 GiB"))
    }

    @Test("Full places") func full() throws {
        let room = { (bytes: Int) in { (machine: inout Machine) in machine.space = { _ in (1 << 30, bytes) } } }
        #expect(try verdict(of: "/dev/shm", room(1 << 20)).verdict == .fail)
        #expect(try verdict(of: "/dev/shm", room(32 << 20)).verdict == .warn)
        #expect(try verdict(of: "disk space", room(1 << 20)).verdict == .fail)
        #expect(try verdict(of: "disk space", room(1 << 30)).verdict == .warn)
    }

    @Test("Limits") func limits() throws {
        #expect(try verdict(of: "open files") { $0.limit = { _ in 256 } }.verdict == .warn)
        #expect(try verdict(of: "address space") { $0.limit = { _ in 1 << 30 } }.verdict == .warn)
    }

    @Test("A missing work folder fails, and nothing is left in one that is there") func folder() throws {
        let missing = Doctor(work: "\(work)/nowhere-\(UUID())").examine().filter { $0.verdict == .fail }
        #expect(missing.map(\.subject) == ["work folder"])
        let place = "\(work)/doctor-\(UUID())"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        _ = Doctor(work: place).examine()
        #expect(try FileManager.default.contentsOfDirectory(atPath: place).isEmpty)
    }

    @Test("The report's last line says how bad it is") func report() {
        let ok = Diagnosis.ok("a", "x"), warn = Diagnosis.warn("b", "y", "do this"), fail = Diagnosis.fail("c", "z", "do that")
        #expect(Doctor.report([ok]).hasSuffix("all is well"))
        #expect(Doctor.report([ok, warn]).contains("warn  b                   y: do this\n"))
        #expect(Doctor.report([ok, warn, fail]).hasSuffix("1 must be fixed before training"))
    }
}
