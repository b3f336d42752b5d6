import CGPU

/// Where a product's matrices are.
struct CuBLASLtPlaces {
    let a: UInt64, b: UInt64, c: UInt64
}

/// What the library chooses a way by.
struct CuBLASLtShape: Hashable {
    let rows: Int, cols: Int, inner: Int
    let strides: [Int]
    let transposesA: Bool, transposesB: Bool, accumulates: Bool
    /// Of the matrices, in bytes: powers of two, at most 256.
    let alignments: [UInt32]

    init(_ product: GPUProduct, _ places: CuBLASLtPlaces) {
        (rows, cols, inner) = (product.rows, product.cols, product.inner)
        strides = [product.a, product.b, product.c].map(\.stride)
        (transposesA, transposesB, accumulates) = (product.a.isTransposed, product.b.isTransposed, product.accumulates)
        alignments = [places.a, places.b, places.c].map { UInt32(1) << min($0.trailingZeroBitCount, 8) }
    }
}

/// One shape's product. The library has matrices by columns: to it ours are transposed, and cᵀ = bᵀ aᵀ.
final class CuBLASLtPlan: @unchecked Sendable {
    private let api: gpu_cublaslt
    private let accumulates: Bool
    private var way = gpu_cublaslt_way()
    private(set) var workspace = 0
    private var operation: cuda_handle?, left: cuda_handle?, right: cuda_handle?, product: cuda_handle?

    /// nil: the library has no way.
    init?(_ shape: CuBLASLtShape, _ library: CuBLASLt, _ handle: cuda_handle, workspaceBytes: Int) {
        (api, accumulates) = (library.api, shape.accumulates)
        guard describe(shape), choose(handle, shape, workspaceBytes: workspaceBytes) else { return nil }
    }

    deinit {
        for layout in [left, right, product] where layout != nil { _ = api.MatrixLayoutDestroy(layout) }
        if operation != nil { _ = api.MatmulDescDestroy(operation) }
    }

    private func describe(_ shape: CuBLASLtShape) -> Bool {
        func layout(_ place: inout cuda_handle?, rows: Int, cols: Int, stride: Int) -> Bool {
            // Rows of ours are columns of the library's.
            api.MatrixLayoutCreate(&place, Int32(GPU_CUBLAS_FLOAT), UInt64(cols), UInt64(rows), Int64(stride)) == 0
        }
        func transpose(_ attribute: some BinaryInteger, _ isTransposed: Bool) -> Bool {
            set(Int32(isTransposed ? GPU_CUBLAS_TRANSPOSED : GPU_CUBLAS_AS_IT_IS)) {
                api.MatmulDescSetAttribute(operation, Int32(attribute), $0, $1)
            }
        }
        let (rows, cols, inner) = (shape.rows, shape.cols, shape.inner)
        let a = shape.transposesA ? (inner, rows) : (rows, inner), b = shape.transposesB ? (cols, inner) : (inner, cols)
        return api.MatmulDescCreate(&operation, Int32(GPU_CUBLAS_BFLOAT_PRODUCTS), Int32(GPU_CUBLAS_FLOAT)) == 0
            && transpose(GPU_CUBLAS_TRANSPOSE_A, shape.transposesB) && transpose(GPU_CUBLAS_TRANSPOSE_B, shape.transposesA)
            && layout(&left, rows: b.0, cols: b.1, stride: shape.strides[1])
            && layout(&right, rows: a.0, cols: a.1, stride: shape.strides[0])
            && layout(&product, rows: rows, cols: cols, stride: shape.strides[2])
    }

    /// Asks the library for its best way, of those that give the same bits each time.
    private func choose(_ handle: cuda_handle, _ shape: CuBLASLtShape, workspaceBytes: Int) -> Bool {
        var preference: cuda_handle?
        guard api.MatmulPreferenceCreate(&preference) == 0 else { return false }
        defer { _ = api.MatmulPreferenceDestroy(preference) }
        func prefer(_ attribute: some BinaryInteger, _ value: some BitwiseCopyable) -> Bool {
            set(value) { api.MatmulPreferenceSetAttribute(preference, Int32(attribute), $0, $1) }
        }
        let isAsked =
            prefer(GPU_CUBLAS_MOST_WORKSPACE, UInt64(workspaceBytes))
            && prefer(GPU_CUBLAS_REDUCTIONS, UInt32(GPU_CUBLAS_REDUCES_FLOATS))
            && prefer(GPU_CUBLAS_ALIGNMENT_A, shape.alignments[1]) && prefer(GPU_CUBLAS_ALIGNMENT_B, shape.alignments[0])
            && prefer(GPU_CUBLAS_ALIGNMENT_C, shape.alignments[2]) && prefer(GPU_CUBLAS_ALIGNMENT_D, shape.alignments[2])
        var found = gpu_cublaslt_found(), count: Int32 = 0
        guard isAsked,
            api.MatmulAlgoGetHeuristic(handle, operation, left, right, product, product, preference, 1, &found, &count) == 0,
            count == 1, found.state == 0, found.workspace <= workspaceBytes
        else { return false }
        (way, workspace) = (found.way, found.workspace)
        return true
    }

    private func set<Value: BitwiseCopyable>(_ value: Value, _ body: (UnsafeRawPointer?, Int) -> Int32) -> Bool {
        withUnsafeBytes(of: value) { body($0.baseAddress, $0.count) } == 0
    }

    /// - Parameters:
    ///   - workspace: 0 where the plan needs none.
    ///   - stream: that the product follows the commands of.
    /// - Returns: the library's status.
    func issue(_ handle: cuda_handle, _ places: CuBLASLtPlaces, workspace: UInt64, stream: cuda_handle) -> Int32 {
        func pointer(_ address: UInt64) -> UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: UInt(address)) }
        var one: Float = 1, own: Float = accumulates ? 1 : 0
        return api.Matmul(
            handle, operation, &one, pointer(places.b), left, pointer(places.a), right, &own, pointer(places.c), product,
            pointer(places.c), product, &way, pointer(workspace), self.workspace, stream)
    }
}
