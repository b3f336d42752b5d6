extension GPUDescription {
    /// Whether `--fast-math` has an effect on it: CUDA shows tensor cores that multiply bfloat16 from compute capability 8.0 on.
    public var hasTensorCores: Bool {
        let major = capability?.split(separator: ".").first.flatMap { Int($0) }
        return driver == .cuda && (major ?? 0) >= 8
    }

    /// How it multiplies matrices under `--fast-math`; nil: as without.
    public var fastMath: String? {
        hasTensorCores ? "bfloat16 products on tensor cores" + (productLibrary.map { ", \($0)" } ?? "") : nil
    }
}

extension DeviceChoice {
    /// What `--fast-math` comes to, for the log.
    static func fastMath(_ devices: [ChosenDevice]) -> String {
        let gpus = devices.compactMap { device in
            if case .gpu(let gpu, _) = device { return gpu }
            return nil
        }
        let fast = gpus.compactMap(\.fastMath)
        guard let first = fast.first else {
            return "--fast-math has no effect "
                + (gpus.isEmpty
                    ? "on CPUs" : "on these: it needs GPUs of NVIDIA's of compute capability 8.0 or later, through CUDA")
        }
        let kinds = fast.allSatisfy { $0 == first } ? first : Set(fast).sorted().joined(separator: "; ")
        let some = fast.count == devices.count ? "" : " (\(fast.count) of \(Quantity.plural(devices.count, "worker")))"
        return "fast math: \(kinds)\(some)"
    }
}
