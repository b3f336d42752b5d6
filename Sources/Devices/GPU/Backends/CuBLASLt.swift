import CGPU
import Support
import Synchronization

/// NVIDIA's library of matrix products, for `--fast-math`.
final class CuBLASLt: @unchecked Sendable {
    let api: gpu_cublaslt
    let version: String

    /// The first that is found and fits the driver; nil where there is none: our own kernels multiply on tensor cores, too.
    static func find(for driver: CUDAVersion, _ places: NVRTCPlaces = NVRTCPlaces()) -> CuBLASLt? {
        for path in places.productPaths(driver: driver.major) {
            var api = gpu_cublaslt()
            guard gpu_cublaslt_load(path, &api) == nil else { continue }
            let number = Int(api.GetVersion()), major = number / 10_000
            if major >= 12 && major <= driver.major { return CuBLASLt(api, "\(major).\(number / 100 % 100)") }
        }
        return nil
    }

    private init(_ api: gpu_cublaslt, _ version: String) { (self.api, self.version) = (api, version) }
}

/// Products on a device's stream. A way to do one is chosen by the library once for each shape, so that the bits are the same each time:
/// parts of a sum that is cut meet in one order.
final class CuBLASLtProducts: @unchecked Sendable {
    private let library: CuBLASLt
    private let context: CUDAContext
    private let handle: cuda_handle
    private struct Made {
        /// nil: the library has no way.
        var plans: [CuBLASLtShape: CuBLASLtPlan?] = [:]
        var workspace: UInt64 = 0
    }
    private let made = Mutex(Made())
    /// Bytes, of which the library may use all: what NVIDIA recommends for sm_90.
    private static let workspaceBytes = 32 << 20
    /// Shapes that are kept, at most: then all are chosen again.
    private static let mostPlans = 1024

    /// - Throws: `Failure` where the library does not start.
    init(_ library: CuBLASLt, _ context: CUDAContext) throws {
        var handle: cuda_handle?, status: Int32 = 0
        try context.run("the start of cuBLASLt") { _ in
            status = library.api.Create(&handle)
            return 0
        }
        guard let handle, status == 0 else {
            throw Failure(
                .outOfResources, "cuBLASLt \(library.version) does not start", at: context.device.name,
                found: "its error \(status)",
                expected: "a library that fits the driver (CUDA \(context.device.version))",
                advice: "DEEPXML_CUBLASLT_LIBRARY names another, and with none our own kernels serve")
        }
        (self.library, self.context, self.handle) = (library, context, handle)
    }

    deinit {
        made.withLock { made in
            made.plans = [:]
            context.quietly {
                if made.workspace != 0 { _ = $0.MemFree(made.workspace) }
                _ = library.api.Destroy(handle)
            }
        }
    }

    /// - Parameter address: of memory.
    /// - Returns: false where the library has no way.
    func multiply(_ product: GPUProduct, address: (any GPUMemory) -> UInt64) throws -> Bool {
        func place(_ matrix: GPUProduct.Matrix) -> UInt64 {
            address(matrix.memory) + UInt64(MemoryLayout<Float>.stride * matrix.offset)
        }
        let places = CuBLASLtPlaces(a: place(product.a), b: place(product.b), c: place(product.c))
        let shape = CuBLASLtShape(product, places)
        return try made.withLock { made in
            if made.plans.count >= Self.mostPlans { made.plans = [:] }
            let plan = try made.plans[shape] ?? plan(shape)
            made.plans[shape] = .some(plan)
            guard let plan else { return false }
            if plan.workspace > 0, made.workspace == 0 {
                try context.run("the memory of matrix products", bytes: Self.workspaceBytes) {
                    $0.MemAlloc(&made.workspace, Self.workspaceBytes)
                }
            }
            let isIssued = try issue(plan, places, workspace: made.workspace)
            if !isIssued { made.plans[shape] = .some(nil) }
            return isIssued
        }
    }

    private func plan(_ shape: CuBLASLtShape) throws -> CuBLASLtPlan? {
        var plan: CuBLASLtPlan?
        try context.run("a matrix product") { _ in
            plan = CuBLASLtPlan(shape, library, handle, workspaceBytes: Self.workspaceBytes)
            return 0
        }
        return plan
    }

    /// - Returns: false where the library refused it after all.
    private func issue(_ plan: CuBLASLtPlan, _ places: CuBLASLtPlaces, workspace: UInt64) throws -> Bool {
        var status: Int32 = 0
        try context.run("a matrix product") { _ in
            status = plan.issue(handle, places, workspace: workspace, stream: context.stream)
            return 0
        }
        // What has become of the device is the driver's to say.
        if status != 0 { try context.wait() }
        return status == 0
    }
}
