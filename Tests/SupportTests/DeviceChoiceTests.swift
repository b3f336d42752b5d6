import Support
import Testing

@Suite struct DeviceChoiceTests {
    /// `count` devices of a node as CUDA shows them.
    private func gpus(_ count: Int, _ node: String = "a", mask: String = "") -> VisibleGPUs {
        VisibleGPUs(
            devices: (0..<count).map {
                GPUDescription(
                    driver: .cuda, index: $0, name: "H200", version: "12.8", totalBytes: 1 << 37, freeBytes: 1 << 36,
                    identity: "\(node)\($0)")
            }, mask: mask, missing: count == 0 ? ["libcuda.so.1 is not there"] : [])
    }

    private func node(_ ranks: [Int], _ host: String, _ visible: VisibleGPUs) -> [DeviceChoice.Worker] {
        ranks.map { DeviceChoice.Worker(rank: $0, host: host, visible: visible) }
    }

    /// Number and sharing of each rank's device; −1: the CPU.
    private func places(_ choice: DeviceChoice) -> [Int: [Int]] {
        choice.devices.mapValues { device in
            switch device {
            case .cpu: [-1]
            case .gpu(let gpu, let sharing): [gpu.index, sharing]
            }
        }
    }

    @Test func withoutDevices() throws {
        let workers = [node([1, 2], "a", gpus(0))]
        let choice = try DeviceChoice(.auto, nodes: workers)
        #expect(places(choice) == [1: [-1], 2: [-1]] && choice.text == nil)
        let failure = #expect(throws: Failure.self) { try DeviceChoice(.gpu, nodes: workers) }
        #expect(failure?.code == .outOfResources && failure?.found.contains("libcuda.so.1") == true)
    }

    @Test func oneDeviceForTwoWorkers() throws {
        let workers = [node([1, 2], "a", gpus(1))]
        let auto = try DeviceChoice(.auto, nodes: workers)
        #expect(places(auto) == [1: [-1], 2: [-1]] && auto.text?.contains("CPUs") == true)
        let asked = try DeviceChoice(.gpu, nodes: workers)
        #expect(places(asked) == [1: [0, 2], 2: [0, 2]] && asked.text?.contains("2 workers share one") == true)
        #expect(places(try DeviceChoice(.cpu, nodes: workers)) == [1: [-1], 2: [-1]])
    }

    /// Nine ranks on two nodes of four: rank 0 coordinates.
    @Test(arguments: [DeviceRequest.auto, .gpu]) func fourDevicesOnEachOfTwoNodes(_ request: DeviceRequest) throws {
        let nodes = [node([1, 2, 3, 4], "a", gpus(4, "a")), node([5, 6, 7, 8], "b", gpus(4, "b"))]
        let choice = try DeviceChoice(request, nodes: nodes)
        #expect(places(choice) == Dictionary(uniqueKeysWithValues: (1...8).map { ($0, [($0 - 1) % 4, 1]) }))
        #expect(choice.text == "device: 8 workers on H200 (CUDA 12.8)")
    }

    /// What `--fast-math` comes to is said.
    @Test func fastMath() throws {
        func gpu(_ index: Int, _ capability: String?, _ driver: GPUDescription.Driver = .cuda, library: String? = nil)
            -> GPUDescription
        {
            GPUDescription(
                driver: driver, index: index, name: "GPU", version: "1", totalBytes: 1, freeBytes: 1, identity: "\(index)",
                capability: capability, productLibrary: library)
        }
        func text(_ devices: [GPUDescription], _ request: DeviceRequest = .gpu) throws -> String? {
            let ranks = Array(1...max(1, devices.count))
            let choice = try DeviceChoice(request, nodes: [node(ranks, "a", VisibleGPUs(devices: devices))], fastMath: true)
            for case .gpu(let gpu, _) in choice.devices.values {
                #expect(gpu.usesFastMath == choice.text?.contains("; fast math: bfloat16"))
            }
            return choice.text
        }
        let library = "cuBLASLt 12.8"
        #expect(
            try text([gpu(0, "8.0", library: library), gpu(1, "9.0", library: library)])
                == "device: 2 workers on GPU (CUDA 1); fast math: bfloat16 products on tensor cores, cuBLASLt 12.8")
        #expect(try text([gpu(0, "10.0")])?.hasSuffix("; fast math: bfloat16 products on tensor cores") == true)
        for devices in [[gpu(0, "10.0"), gpu(1, "7.5")], [gpu(0, "7.5")], [gpu(0, nil, .openCL)]] {
            #expect(try text(devices)?.contains("--fast-math has no effect here: it needs") == true)
        }
        // Workers that would compute differently.
        #expect(
            try text([gpu(0, "9.0", library: library), gpu(1, "9.0")])?.contains("no effect on unlike devices: GPU, cuBLASLt")
                == true)
        #expect(try text([gpu(0, "9.0")], .cpu) == "--fast-math has no effect on CPUs")
        #expect(try text([], .auto) == "--fast-math has no effect on CPUs")
    }

    @Test func moreWorkersThanDevices() throws {
        let choice = try DeviceChoice(.gpu, nodes: [node([1, 2, 3, 4, 5, 6], "a", gpus(4))])
        #expect(places(choice) == [1: [0, 2], 2: [1, 2], 3: [2, 1], 4: [3, 1], 5: [0, 2], 6: [1, 2]])
    }

    /// One node has too few: no worker takes a GPU by itself.
    @Test func autoIsForAllOrNone() throws {
        let choice = try DeviceChoice(.auto, nodes: [node([1, 2], "a", gpus(2, "a")), node([3, 4], "b", gpus(1, "b"))])
        #expect(choice.devices.values.allSatisfy { $0 == .cpu })
    }

    /// SLURM's --gpus-per-task=1: each task sees one device, under the same number.
    @Test func tasksThatSeeOneDeviceEach() throws {
        let nodes = [
            (1...3).map { rank in
                var visible = gpus(1, mask: "0")
                visible.devices[0].identity = "GPU-\(rank)"
                return DeviceChoice.Worker(rank: rank, host: "a", visible: visible)
            }
        ]
        #expect(places(try DeviceChoice(.auto, nodes: nodes)) == [1: [0, 1], 2: [0, 1], 3: [0, 1]])
    }

    /// Drivers that do not tell their devices apart: CUDA_VISIBLE_DEVICES does.
    @Test func masksOfAnonymousDevices() throws {
        func worker(_ rank: Int, _ mask: String) -> DeviceChoice.Worker {
            var visible = gpus(1, mask: mask)
            visible.devices[0].identity = ""
            return DeviceChoice.Worker(rank: rank, host: "a", visible: visible)
        }
        #expect(places(try DeviceChoice(.auto, nodes: [[worker(1, "0"), worker(2, "1")]])) == [1: [0, 1], 2: [0, 1]])
        #expect(places(try DeviceChoice(.gpu, nodes: [[worker(1, "0"), worker(2, "0")]])) == [1: [0, 2], 2: [0, 2]])
    }

    @Test func byNumber() throws {
        let workers = [node([1, 2], "a", gpus(4))]
        #expect(places(try DeviceChoice(.numbered(3), nodes: workers)) == [1: [3, 2], 2: [3, 2]])
        let failure = #expect(throws: Failure.self) { try DeviceChoice(.numbered(4), nodes: workers) }
        #expect(failure?.expected == "a number from 0 to 3")
    }

    /// A processor behind OpenCL is no GPU unless it is asked for.
    @Test func processors() throws {
        var visible = gpus(1)
        visible.devices[0].isProcessor = true
        let workers = [node([1], "a", visible)]
        #expect(places(try DeviceChoice(.auto, nodes: workers)) == [1: [-1]])
        #expect(places(try DeviceChoice(.gpu, nodes: workers)) == [1: [0, 1]])
    }

    /// Nor is one that is part of the processor taken by itself.
    @Test func integratedDevices() throws {
        var visible = gpus(1)
        visible.devices[0].isIntegrated = true
        let workers = [node([1], "a", visible)]
        #expect(places(try DeviceChoice(.auto, nodes: workers)) == [1: [-1]])
        #expect(places(try DeviceChoice(.gpu, nodes: workers)) == [1: [0, 1]])
    }

    /// A GPU that CUDA and OpenCL show is one: by its place, or by its name where a driver tells no place.
    @Test func oneDeviceOfTwoDrivers() {
        func device(_ driver: GPUDescription.Driver, _ name: String, _ identity: String) -> GPUDescription {
            GPUDescription(
                driver: driver, index: 0, name: name, version: "1", totalBytes: 1, freeBytes: nil, identity: identity)
        }
        let cuda = device(.cuda, "NVIDIA H200", "0:3b:0:0"), part = device(.cuda, "NVIDIA H200 MIG 1g", "0:3b:0:0/ab")
        #expect(cuda.isSeen(as: device(.openCL, "H200", "0:3b:0:0")) && part.isSeen(as: device(.openCL, "H200", "0:3b:0:0")))
        #expect(cuda.isSeen(as: device(.openCL, "NVIDIA H200", "")))
        #expect(!cuda.isSeen(as: device(.openCL, "Radeon", "0:3c:0:0")) && !cuda.isSeen(as: device(.openCL, "Radeon", "")))
        #expect(!cuda.isSeen(as: device(.cuda, "NVIDIA H200", "0:3c:0:0")))
    }

    /// A driver that is there and of no use is said, whatever the workers compute on.
    @Test func unusableDriver() throws {
        let broken = UnusableDriver(driver: .cuda, found: "NVRTC is not there", advice: "install it")
        var visible = gpus(0)
        visible.unusable = [broken]
        let auto = try DeviceChoice(.auto, nodes: [node([1], "a", visible)])
        #expect(auto.text?.hasPrefix("device: CPUs; CUDA cannot be used: NVRTC is not there") == true)
        let failure = #expect(throws: Failure.self) { try DeviceChoice(.gpu, nodes: [node([1], "a", visible)]) }
        #expect(failure?.found.contains("NVRTC is not there") == true && failure?.advice.hasPrefix("install it") == true)
        visible.devices = gpus(1).devices
        visible.devices[0].driver = .openCL
        let other = try DeviceChoice(.gpu, nodes: [node([1], "a", visible)])
        #expect(other.text?.contains("1 worker on H200 (OpenCL 12.8); CUDA cannot be used") == true)
    }

    /// Without `--fast-math` no device multiplies by it; from compute capability 8.0 on it could.
    @Test(arguments: [("7.5", false), ("8.0", true), ("8.9", true), ("9.0", true), ("10.0", true), ("", false), ("x", false)])
    func tensorCores(capability: String, has: Bool) throws {
        var gpu = gpus(1).devices[0]
        gpu.capability = capability
        #expect(gpu.hasTensorCores == has && !gpu.usesFastMath && gpu.fastMath == nil && gpu.withFastMath.usesFastMath == has)
        var other = gpu
        other.driver = .openCL
        #expect(!other.hasTensorCores && !gpus(1).devices[0].hasTensorCores)
        let choice = try DeviceChoice(.gpu, nodes: [node([1], "a", VisibleGPUs(devices: [gpu]))])
        #expect(choice.devices == [1: .gpu(gpu, sharedBy: 1)] && choice.text?.contains("fast") == false)
    }

    /// What a description says of itself where nothing more is known.
    @Test func plainDevices() {
        let plain = GPUDescription(driver: .openCL, index: 2, name: "G", version: "1", totalBytes: 9, freeBytes: nil)
        #expect(!plain.isProcessor && !plain.isIntegrated && plain.identity.isEmpty && plain.capability == nil)
        #expect(plain.compiler == nil && plain.productLibrary == nil && !plain.usesFastMath)
    }

    /// Kinds of devices are counted apart, in the order of ranks; "share one" is said of the largest crowd.
    @Test func kindsAreCounted() throws {
        var mixed = gpus(3)
        mixed.devices[1].name = "L4"
        let text = try DeviceChoice(.gpu, nodes: [node([1, 2, 3, 4, 5, 6, 7], "a", mixed)]).text
        #expect(text == "device: 5 workers on H200 (CUDA 12.8), 2 workers on L4 (CUDA 12.8); up to 3 workers share one")
        let one = try DeviceChoice(.gpu, nodes: [node([1, 2], "a", gpus(2))]).text
        #expect(one == "device: 2 workers on H200 (CUDA 12.8)")
        #expect(try DeviceChoice(.gpu, nodes: []).text == nil && DeviceChoice(.auto, nodes: []).text == nil)
        #expect(try DeviceChoice(.auto, nodes: [node([1, 2], "a", gpus(3))]).devices.count == 2)
    }

    /// Anonymous devices are the same where driver and number are, of processes that see the same.
    @Test func crowdsOfAnonymousDevices() throws {
        func devices(_ count: Int, _ driver: GPUDescription.Driver = .cuda) -> [GPUDescription] {
            gpus(count).devices.map {
                var device = $0
                (device.identity, device.driver) = ("", driver)
                return device
            }
        }
        let two = VisibleGPUs(devices: devices(2))
        #expect(places(try DeviceChoice(.gpu, nodes: [node([1, 2, 3], "a", two)])) == [1: [0, 2], 2: [1, 1], 3: [0, 2]])
        let both = VisibleGPUs(devices: devices(1) + devices(1, .openCL))
        #expect(places(try DeviceChoice(.gpu, nodes: [node([1, 2], "a", both)])) == [1: [0, 1], 2: [0, 1]])
        // One process sees a device more: they are dealt apart.
        let mixed = node([1], "a", two) + node([2], "a", VisibleGPUs(devices: devices(1)))
        #expect(places(try DeviceChoice(.gpu, nodes: [mixed])) == [1: [0, 1], 2: [0, 1]])
    }

    @Test func numbersOfDevices() throws {
        #expect(try DeviceRequest(parsing: "gpu:1023") == .numbered(1023) && DeviceRequest(parsing: "gpu:0") == .numbered(0))
        #expect(throws: Failure.self) { try DeviceRequest(parsing: "gpu:1024") }
        let workers = [node([1], "a", gpus(2))]
        #expect(places(try DeviceChoice(.numbered(1), nodes: workers)) == [1: [1, 1]])
        let failure = #expect(throws: Failure.self) { try DeviceChoice(.numbered(2), nodes: workers) }
        #expect(failure?.found == "2 devices on a: 0 H200, 1 H200" && failure?.expected == "a number from 0 to 1")
    }

    @Test(arguments: ["auto", "cpu", "gpu", "gpu:3"]) func words(_ word: String) throws {
        #expect(try DeviceRequest(parsing: word).description == word)
    }

    @Test(arguments: ["", "GPU", "gpu:", "gpu:-1", "gpu:x", "cuda", "gpu:99999"]) func wrongWords(_ word: String) {
        #expect(throws: Failure.self) { try DeviceRequest(parsing: word) }
    }
}
