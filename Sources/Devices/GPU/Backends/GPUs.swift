import Foundation
import Support
import Synchronization

/// The GPUs that drivers show to this process.
public enum GPUs {
    /// A device that several show belongs to the first.
    private static let drivers: [any GPUDriver] = [CUDADriver(), OpenCLDriver()]
    /// One thread at a time asks drivers: PoCL 3.1 gives names that are not there yet to a second thread while it begins.
    private static let asking = Mutex(())

    /// Looks for drivers and their devices. A library is loaded where it is found, and stays.
    ///
    /// - Parameters:
    ///   - request: for `cpu` nothing is looked for; for `auto` only where the system shows the file of a GPU, so that a machine without
    ///     one loads no driver.
    ///   - fastMath: look for libraries that multiply on tensor cores, too.
    public static func visible(_ request: DeviceRequest, fastMath: Bool = false) -> VisibleGPUs {
        let environment = ProcessInfo.processInfo.environment
        if request == .cpu || (request == .auto && !hasDeviceFile) { return VisibleGPUs() }
        var found = VisibleGPUs(mask: environment["CUDA_VISIBLE_DEVICES"] ?? "")
        for driver in drivers {
            let look = asking.withLock { _ in driver.look(fastMath: fastMath) }
            found.devices += look.devices.filter { device in !found.devices.contains { $0.isSeen(as: device) } }
            if let missing = look.missing { found.missing.append(missing) }
            if let unusable = look.unusable { found.unusable.append(unusable) }
        }
        if environment["DEEPXML_OPENCL_CPU"] != "1", found.devices.contains(where: \.isProcessor) {
            found.devices.removeAll(where: \.isProcessor)
            if found.devices.isEmpty { found.missing.append("OpenCL shows the processor alone (DEEPXML_OPENCL_CPU=1 takes it)") }
        }
        return found
    }

    /// The files by which Linux shows GPUs of NVIDIA, of AMD, of any vendor, and of a Windows host.
    private static var hasDeviceFile: Bool {
        ["/dev/nvidiactl", "/dev/kfd", "/dev/dri/renderD128", "/dev/dxg"].contains {
            FileManager.default.fileExists(atPath: $0)
        }
    }

    /// Opens what was chosen for a worker; nil: the CPU.
    public static func open(_ choice: ChosenDevice, team: ThreadTeam) throws -> (any Device)? {
        guard case .gpu(let device, _) = choice else { return nil }
        return try open(device, team: team)
    }

    /// Opens a device for one worker.
    ///
    /// - Parameters:
    ///   - device: one of those that `visible` found in this process.
    ///   - team: the worker's threads: for what runs on the CPU.
    ///   - cacheFolder: of compiled kernels; nil: the user's.
    public static func open(_ device: GPUDescription, team: ThreadTeam, cacheFolder: String? = nil) throws -> GPUDevice {
        guard let driver = drivers.first(where: { $0.kind == device.driver }) else {
            preconditionFailure("a device of no driver")
        }
        let backend = try asking.withLock { _ in try driver.open(device) }
        return try GPUDevice(
            backend, team: team, cache: cacheFolder.map(ProgramCache.init(folder:)) ?? ProgramCache())
    }
}
