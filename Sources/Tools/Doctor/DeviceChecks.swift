import Devices
import Support

/// GPUs, and what is missing to use them. A machine without one can train all the same.
package struct DeviceChecks {
    private let visible: VisibleGPUs

    /// - Parameter visible: what the drivers show; by default, to this process.
    package init(visible: VisibleGPUs = GPUs.visible(.gpu, fastMath: true)) { self.visible = visible }

    package func all() -> [Diagnosis] {
        visible.unusable.map { .warn($0.driver.rawValue, "there, and cannot be used: \($0.found)", $0.advice) }
            + (visible.devices.isEmpty ? [none] : devices)
    }

    private var none: Diagnosis {
        let why = visible.missing.isEmpty ? "" : " (\(visible.missing.joined(separator: "; ")))"
        let advice =
            "training is on the CPU; for a GPU of NVIDIA's, install its driver and nvidia-cuda-nvrtc-cu12 (PyPI); for another's, its "
            + "driver with the OpenCL part and ocl-icd-libopencl1"
        return Diagnosis(subject: "GPU", verdict: .ok, found: "none\(why)", advice: advice)
    }

    private var devices: [Diagnosis] {
        let mask = visible.mask.isEmpty ? "" : ", of CUDA_VISIBLE_DEVICES=\(visible.mask)"
        return visible.devices.enumerated().map { number, device in
            let parts = [
                device.name, "\(device.driver.rawValue) \(device.version)", device.compiler,
                device.capability.map { "compute capability \($0)" }, Quantity.bytes(device.totalBytes),
                device.freeBytes.map { "\(Quantity.bytes($0)) free" },
                device.hasTensorCores
                    ? "--fast-math with \(device.productLibrary ?? "own kernels alone, as cuBLASLt is not there")" : nil,
            ]
            let found = parts.compactMap { $0 }.joined(separator: ", ") + mask
            guard device.isProcessor else { return .ok("GPU \(number)", found) }
            return .warn("GPU \(number)", found, "this is the processor behind OpenCL: --device cpu is faster")
        }
    }
}
