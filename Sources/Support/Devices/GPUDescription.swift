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
    /// Its place on the PCI bus, whoever looks: domain:bus:device:function, hexadecimal, and of a part of a GPU (MIG) which one behind a
    /// slash; empty where the driver does not say.
    public var identity: String
    /// A processor that only looks like a GPU (PoCL): slower than the CPU's own kernels.
    public var isProcessor: Bool
    /// A GPU of the processor's own, which works in the host's memory.
    public var isIntegrated: Bool
    /// NVIDIA's compute capability, `9.0`; nil of other drivers than CUDA.
    public var capability: String?
    /// What compiles its kernels, where that is not the driver.
    public var compiler: String?
    /// NVIDIA's library of matrix products, where it was looked for (`--fast-math`) and is there.
    public var productLibrary: String?
    /// Whether it is to multiply matrices on tensor cores, of numbers rounded to bfloat16.
    public var usesFastMath = false

    public init(
        driver: Driver, index: Int, name: String, version: String, totalBytes: Int, freeBytes: Int?, identity: String = "",
        isProcessor: Bool = false, isIntegrated: Bool = false, capability: String? = nil, compiler: String? = nil,
        productLibrary: String? = nil
    ) {
        (self.driver, self.index, self.name, self.version) = (driver, index, name, version)
        (self.totalBytes, self.freeBytes, self.identity) = (totalBytes, freeBytes, identity)
        (self.isProcessor, self.isIntegrated) = (isProcessor, isIntegrated)
        (self.capability, self.compiler, self.productLibrary) = (capability, compiler, productLibrary)
    }

    /// Whether another driver's device is this one: at the same place, or, since not all drivers tell places alike, of the same name.
    public func isSeen(as other: GPUDescription) -> Bool {
        let place = identity.prefix { $0 != "/" }
        return driver != other.driver && ((!place.isEmpty && place == other.identity) || name == other.name)
    }
}

/// A driver that is there, and whose devices cannot be used.
public struct UnusableDriver: Error, Codable, Sendable, Equatable {
    public var driver: GPUDescription.Driver
    public var found: String
    public var advice: String

    public init(driver: GPUDescription.Driver, found: String, advice: String) {
        (self.driver, self.found, self.advice) = (driver, found, advice)
    }
}

/// The GPUs that one process sees.
public struct VisibleGPUs: Codable, Sendable, Equatable {
    public var devices: [GPUDescription]
    /// What hid others from it: the value of CUDA_VISIBLE_DEVICES, or empty.
    public var mask: String
    /// Why there is none: drivers that were looked for, a sentence each.
    public var missing: [String]
    public var unusable: [UnusableDriver]

    public init(
        devices: [GPUDescription] = [], mask: String = "", missing: [String] = [], unusable: [UnusableDriver] = []
    ) {
        (self.devices, self.mask, self.missing, self.unusable) = (devices, mask, missing, unusable)
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
