extension GPUDescription {
    /// Whether `--fast-math` can have an effect on it: CUDA shows tensor cores that multiply bfloat16 from compute capability 8.0 on.
    public var hasTensorCores: Bool {
        let major = capability?.split(separator: ".").first.flatMap { Int($0) }
        return driver == .cuda && (major ?? 0) >= 8
    }

    /// How it multiplies matrices where that is not the CPU's way.
    public var fastMath: String? {
        usesFastMath ? "bfloat16 products on tensor cores" + (productLibrary.map { ", \($0)" } ?? "") : nil
    }

    /// The same device, with `--fast-math` where it has tensor cores.
    public var withFastMath: GPUDescription {
        var device = self
        device.usesFastMath = hasTensorCores
        return device
    }
}

/// What `--fast-math` comes to for all workers of a job.
///
/// It has an effect where all have the same tensor cores and library: what workers compute each for itself must be the same for all.
enum FastMath {
    /// - Returns: the devices, and a line for the log.
    static func chosen(_ devices: [Int: ChosenDevice]) -> (devices: [Int: ChosenDevice], text: String) {
        let gpus = devices.values.compactMap(\.gpu), kinds = Set(gpus.map { "\($0.name), \($0.productLibrary ?? "no cuBLASLt")" })
        func without(_ why: String) -> ([Int: ChosenDevice], String) { (devices, "--fast-math has no effect \(why)") }
        guard let first = gpus.first else { return without("on CPUs") }
        if !gpus.allSatisfy(\.hasTensorCores) {
            return without("here: it needs GPUs of NVIDIA's of compute capability 8.0 or later, through CUDA")
        }
        if kinds.count > 1 { return without("on unlike devices: \(kinds.sorted().joined(separator: "; "))") }
        let chosen = devices.mapValues { device in
            guard case .gpu(let gpu, let sharing) = device else { return device }
            return .gpu(gpu.withFastMath, sharedBy: sharing)
        }
        return (chosen, "fast math: \(first.withFastMath.fastMath ?? "")")
    }
}

extension ChosenDevice {
    fileprivate var gpu: GPUDescription? {
        if case .gpu(let gpu, _) = self { return gpu }
        return nil
    }
}
