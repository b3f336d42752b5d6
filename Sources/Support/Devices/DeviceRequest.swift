/// Where a person wants the workers to compute: `--device`.
public enum DeviceRequest: Sendable, Equatable, CustomStringConvertible {
    /// On GPUs where each worker can have one of its own, else on CPUs.
    case auto
    case cpu
    /// On GPUs; workers share one where there are too few.
    case gpu
    /// All workers of a node on one device, by its number among those that they see.
    case numbered(Int)

    /// - Throws: `Failure(.usage)` for any other word.
    public init(parsing text: String) throws {
        switch text {
        case "auto": self = .auto
        case "cpu": self = .cpu
        case "gpu": self = .gpu
        default:
            guard text.hasPrefix("gpu:"), let number = Int(text.dropFirst(4)), (0...1023).contains(number) else {
                throw Failure(
                    .usage, "this is no device", at: "--device", found: text,
                    expected: "auto, cpu, gpu, or gpu:N, N being a device's number from 0",
                    advice: "`deepxml-dist doctor` lists the devices of this machine")
            }
            self = .numbered(number)
        }
    }

    public var description: String {
        switch self {
        case .auto: "auto"
        case .cpu: "cpu"
        case .gpu: "gpu"
        case .numbered(let number): "gpu:\(number)"
        }
    }
}

/// A device that a driver showed, as plans and messages name it.
public struct GPUDescription: Codable, Sendable, Equatable {
    /// Which driver shows it.
    public enum Driver: String, Codable, Sendable { case openCL = "OpenCL", cuda = "CUDA" }

    public var driver: Driver
    /// Its number among the devices that this driver shows to this process.
    public var index: Int
    public var name: String
    /// Of the driver.
    public var version: String
    public var totalBytes: Int
    /// nil where the driver does not say.
    public var freeBytes: Int?
    /// What tells it from the node's other devices, whoever looks; empty where the driver does not say.
    public var identity: String
    /// A processor that only looks like a GPU (PoCL): slower than the CPU's own kernels.
    public var isProcessor: Bool

    public init(
        driver: Driver, index: Int, name: String, version: String, totalBytes: Int, freeBytes: Int?, identity: String = "",
        isProcessor: Bool = false
    ) {
        (self.driver, self.index, self.name, self.version) = (driver, index, name, version)
        (self.totalBytes, self.freeBytes, self.identity, self.isProcessor) = (totalBytes, freeBytes, identity, isProcessor)
    }
}

/// The GPUs that one process sees.
public struct VisibleGPUs: Codable, Sendable, Equatable {
    public var devices: [GPUDescription]
    /// What hid others from it: the value of CUDA_VISIBLE_DEVICES, or empty.
    public var mask: String
    /// Why there is none: drivers that were looked for, a sentence each.
    public var missing: [String]

    public init(devices: [GPUDescription] = [], mask: String = "", missing: [String] = []) {
        (self.devices, self.mask, self.missing) = (devices, mask, missing)
    }

    /// Processes of one node with the same key see the same devices under the same numbers.
    fileprivate var key: [String] {
        [mask] + devices.map { "\($0.driver.rawValue) \($0.index) \($0.identity) \($0.name)" }
    }

    /// - Returns: where two processes see only devices that the drivers tell apart, whether they see the same.
    fileprivate func seesSame(as other: VisibleGPUs) -> Bool {
        let own = devices.map(\.identity), others = other.devices.map(\.identity)
        return own.contains("") || others.contains("") ? key == other.key : own == others
    }
}

/// What a worker computes on.
public enum ChosenDevice: Codable, Sendable, Equatable {
    case cpu
    /// - Parameter sharedBy: workers of the node that compute on it.
    case gpu(GPUDescription, sharedBy: Int)
}

/// Which worker computes on which device: a value of what was asked and what each worker sees.
public struct DeviceChoice: Sendable, Equatable {
    /// A worker, and where it is.
    public struct Worker: Sendable, Equatable {
        public var rank: Int
        public var host: String
        public var visible: VisibleGPUs

        public init(rank: Int, host: String, visible: VisibleGPUs) {
            (self.rank, self.host, self.visible) = (rank, host, visible)
        }
    }

    /// By rank.
    public let devices: [Int: ChosenDevice]
    /// One line for the log; nil where nobody asked and there is nothing to say.
    public let text: String?

    /// A worker takes the device of its place on its node: its number among the workers there that see the same devices, over
    /// what they see. Where SLURM or CUDA_VISIBLE_DEVICES gives each a device of its own, each takes that.
    ///
    /// - Parameter nodes: the workers of each node, ascending by rank.
    /// - Throws: `Failure(.outOfResources)` where a GPU is asked for and a worker sees none.
    public init(_ request: DeviceRequest, nodes: [[Worker]]) throws {
        let workers = nodes.flatMap { $0 }
        switch request {
        case .cpu:
            devices = Dictionary(uniqueKeysWithValues: workers.map { ($0.rank, .cpu) })
            text = nil
        case .auto:
            let own = nodes.flatMap { Self.deal($0) { $0.visible.devices.filter { !$0.isProcessor } } }
            let hasOwn = own.count == workers.count && own.allSatisfy { $0.1.isOwnGPU } && !workers.isEmpty
            devices = Dictionary(uniqueKeysWithValues: hasOwn ? own : workers.map { ($0.rank, .cpu) })
            text = hasOwn ? Self.said(own.map(\.1)) : Self.whyCPUs(workers)
        case .gpu, .numbered:
            let dealt = nodes.flatMap { Self.deal($0) { request.offered($0.visible.devices) } }
            if let worker = workers.first(where: { worker in !dealt.contains { $0.0 == worker.rank } }) {
                throw Self.refusal(request, worker)
            }
            devices = Dictionary(uniqueKeysWithValues: dealt)
            text = Self.said(dealt.map(\.1))
        }
    }

    /// The devices of one node's workers; a worker that is offered none is left out.
    private static func deal(_ workers: [Worker], _ offered: (Worker) -> [GPUDescription]) -> [(Int, ChosenDevice)] {
        var places: [(seen: VisibleGPUs, count: Int)] = [], chosen: [(rank: Int, seer: Int, device: GPUDescription)] = []
        for worker in workers {
            let list = offered(worker)
            guard !list.isEmpty else { continue }
            let seer = places.firstIndex { $0.seen.seesSame(as: worker.visible) } ?? places.count
            if seer == places.count { places.append((worker.visible, 0)) }
            chosen.append((worker.rank, seer, list[places[seer].count % list.count]))
            places[seer].count += 1
        }
        func isSame(_ a: (rank: Int, seer: Int, device: GPUDescription), _ b: (rank: Int, seer: Int, device: GPUDescription))
            -> Bool
        {
            if a.device.identity.isEmpty || b.device.identity.isEmpty {
                return a.seer == b.seer && a.device.index == b.device.index
            }
            return a.device.identity == b.device.identity
        }
        return chosen.map { own in (own.rank, .gpu(own.device, sharedBy: chosen.count { isSame(own, $0) })) }
    }

    private static func said(_ devices: [ChosenDevice]) -> String? {
        var counts: [(name: String, count: Int)] = [], most = 1
        for case .gpu(let device, let sharing) in devices {
            most = max(most, sharing)
            let name = "\(device.name) (\(device.driver.rawValue) \(device.version))"
            if let known = counts.firstIndex(where: { $0.name == name }) {
                counts[known].count += 1
            } else {
                counts.append((name, 1))
            }
        }
        guard !counts.isEmpty else { return nil }
        let list = counts.map { "\(Quantity.plural($0.count, "worker")) on \($0.name)" }.joined(separator: ", ")
        return "device: \(list)" + (most > 1 ? "; up to \(most) workers share one" : "")
    }

    /// Nothing where no worker sees a GPU.
    private static func whyCPUs(_ workers: [Worker]) -> String? {
        guard workers.contains(where: { $0.visible.devices.contains { !$0.isProcessor } }) else { return nil }
        return "device: CPUs, as there isn't a GPU for each worker; --device gpu lets workers share them"
    }

    private static func refusal(_ request: DeviceRequest, _ worker: Worker) -> Failure {
        let seen = worker.visible.devices
        if case .numbered(let number) = request, !seen.isEmpty {
            return Failure(
                .outOfResources, "there is no device of this number", at: "--device gpu:\(number)",
                found: "\(Quantity.plural(seen.count, "device")) on \(worker.host): "
                    + seen.enumerated().map { "\($0.offset) \($0.element.name)" }.joined(separator: ", "),
                expected: "a number from 0 to \(seen.count - 1)", advice: "`deepxml-dist doctor` lists the devices of a machine")
        }
        let missing = worker.visible.missing.isEmpty ? "no driver shows a GPU" : worker.visible.missing.joined(separator: "; ")
        return Failure(
            .outOfResources, "there is no GPU for rank \(worker.rank)", at: "--device \(request) on \(worker.host)",
            found: missing, expected: "a GPU that a driver shows",
            advice:
                "install the GPU's driver with its OpenCL part and the loader (Debian: ocl-icd-libopencl1, and nvidia-opencl-icd, "
                + "mesa-opencl-icd or intel-opencl-icd), or train with --device cpu; `deepxml-dist doctor` shows what is there")
    }
}

extension ChosenDevice {
    fileprivate var isOwnGPU: Bool {
        if case .gpu(_, sharedBy: 1) = self { return true }
        return false
    }
}

extension DeviceRequest {
    /// Of what a worker sees, what it may be dealt.
    fileprivate func offered(_ devices: [GPUDescription]) -> [GPUDescription] {
        guard case .numbered(let number) = self else { return devices }
        return devices.indices.contains(number) ? [devices[number]] : []
    }
}
