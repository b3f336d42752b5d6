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
    /// Its place on the PCI bus, whoever looks: domain:bus:device:function, hexadecimal; empty where the driver does not say.
    public var identity: String
    /// A processor that only looks like a GPU (PoCL): slower than the CPU's own kernels.
    public var isProcessor: Bool
    /// A GPU of the processor's own, which works in the host's memory.
    public var isIntegrated: Bool

    public init(
        driver: Driver, index: Int, name: String, version: String, totalBytes: Int, freeBytes: Int?, identity: String = "",
        isProcessor: Bool = false, isIntegrated: Bool = false
    ) {
        (self.driver, self.index, self.name, self.version) = (driver, index, name, version)
        (self.totalBytes, self.freeBytes, self.identity) = (totalBytes, freeBytes, identity)
        (self.isProcessor, self.isIntegrated) = (isProcessor, isIntegrated)
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
    private var key: [String] {
        [mask] + devices.map { "\($0.driver.rawValue) \($0.index) \($0.identity) \($0.name)" }
    }

    /// - Returns: where two processes see only devices that the drivers tell apart, whether they see the same.
    func seesSame(as other: VisibleGPUs) -> Bool {
        let own = devices.map(\.identity), others = other.devices.map(\.identity)
        return own.contains("") || others.contains("") ? key == other.key : own == others
    }
}
