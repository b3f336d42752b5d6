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
    /// - Parameters:
    ///   - nodes: the workers of each node, ascending by rank.
    ///   - fastMath: whether tensor cores may multiply (`--fast-math`); the text says whether they do.
    /// - Throws: `Failure(.outOfResources)` where a GPU is asked for and a worker sees none.
    public init(_ request: DeviceRequest, nodes: [[Worker]], fastMath: Bool = false) throws {
        let chosen = try Self.chosen(request, nodes)
        guard fastMath else {
            (devices, text) = chosen
            return
        }
        let fast = FastMath.chosen(chosen.devices)
        devices = fast.devices
        text = (chosen.text.map { "\($0); " } ?? "") + fast.text
    }

    private static func chosen(_ request: DeviceRequest, _ nodes: [[Worker]]) throws -> (
        devices: [Int: ChosenDevice], text: String?
    ) {
        let workers = nodes.flatMap { $0 }
        switch request {
        case .cpu:
            return (Dictionary(uniqueKeysWithValues: workers.map { ($0.rank, .cpu) }), nil)
        case .auto:
            let own = nodes.flatMap { Self.deal($0) { $0.visible.devices.filter(\.isForAuto) } }
            let hasOwn = own.count == workers.count && own.allSatisfy { $0.1.isOwnGPU } && !workers.isEmpty
            return (
                Dictionary(uniqueKeysWithValues: hasOwn ? own : workers.map { ($0.rank, .cpu) }),
                hasOwn ? Self.said(own.map(\.1), workers) : Self.whyCPUs(workers)
            )
        case .gpu, .numbered:
            let dealt = nodes.flatMap { Self.deal($0) { request.offered($0.visible.devices) } }
            if let worker = workers.first(where: { worker in !dealt.contains { $0.0 == worker.rank } }) {
                throw Self.refusal(request, worker)
            }
            return (Dictionary(uniqueKeysWithValues: dealt), Self.said(dealt.map(\.1), workers))
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
                return a.seer == b.seer && a.device.driver == b.device.driver && a.device.index == b.device.index
            }
            return a.device.identity == b.device.identity
        }
        return chosen.map { own in (own.rank, .gpu(own.device, sharedBy: chosen.count { isSame(own, $0) })) }
    }

    private static func said(_ devices: [ChosenDevice], _ workers: [Worker]) -> String? {
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
            + (unusable(workers).map { "; \($0)" } ?? "")
    }

    /// Nothing where no worker sees a GPU.
    private static func whyCPUs(_ workers: [Worker]) -> String? {
        if workers.contains(where: { $0.visible.devices.contains(where: \.isForAuto) }) {
            return "device: CPUs, as there isn't a GPU for each worker; --device gpu lets workers share them"
        }
        return unusable(workers).map { "device: CPUs; \($0)" }
    }

    /// The first driver that is there and of no use to a worker.
    private static func unusable(_ workers: [Worker]) -> String? {
        workers.lazy.flatMap(\.visible.unusable).first.map {
            "\($0.driver.rawValue) cannot be used: \($0.found); `deepxml-dist doctor` says what to do"
        }
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
        let unusable = worker.visible.unusable
        let missing = unusable.map { "\($0.driver.rawValue) cannot be used: \($0.found)" } + worker.visible.missing
        return Failure(
            .outOfResources, "there is no GPU for rank \(worker.rank)", at: "--device \(request) on \(worker.host)",
            found: missing.isEmpty ? "no driver shows a GPU" : missing.joined(separator: "; "),
            expected: "a GPU that a driver shows",
            advice: (unusable.first.map { "\($0.advice); or " } ?? "")
                + "install the GPU's driver: NVIDIA's, and nvidia-cuda-nvrtc-cu12 of PyPI's beside it; of other vendors its OpenCL part and "
                + "the loader (Debian: ocl-icd-libopencl1, and mesa-opencl-icd or intel-opencl-icd), or train with --device cpu; "
                + "`deepxml-dist doctor` shows what is there")
    }
}

extension GPUDescription {
    /// Likely faster than the processor's own kernels.
    fileprivate var isForAuto: Bool { !isProcessor && !isIntegrated }
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
