import Devices
import Support

/// GPUs, and what is missing to use them. A machine without one can train all the same.
package struct DeviceChecks {
    private let visible: VisibleGPUs

    /// - Parameter visible: what the drivers show; by default, to this process.
    package init(visible: VisibleGPUs = GPUs.visible(.gpu)) { self.visible = visible }

    package func all() -> [Diagnosis] {
        if visible.devices.isEmpty {
            let why = visible.missing.isEmpty ? "" : " (\(visible.missing.joined(separator: "; ")))"
            let advice =
                "training is on the CPU; for a GPU, install its vendor's driver with its OpenCL part and ocl-icd-libopencl1"
            return [Diagnosis(subject: "GPU", verdict: .ok, found: "none\(why)", advice: advice)]
        }
        let mask = visible.mask.isEmpty ? "" : ", of CUDA_VISIBLE_DEVICES=\(visible.mask)"
        return visible.devices.enumerated().map { number, device in
            let free = device.freeBytes.map { ", \(Quantity.bytes($0)) free" } ?? ""
            let found =
                "\(device.name), \(device.driver.rawValue) \(device.version), \(Quantity.bytes(device.totalBytes))\(free)\(mask)"
            guard device.isProcessor else { return .ok("GPU \(number)", found) }
            return .warn("GPU \(number)", found, "this is the processor behind OpenCL: --device cpu is faster")
        }
    }
}
