/// The functions and classes that a pickled numpy array or scipy CSR matrix names. Nothing of that name is ever called:
/// each stands for a value that this program makes itself.
enum PickleGlobal: String {
    /// `numpy.core.multiarray._reconstruct`: an empty array, filled by BUILD.
    case reconstruct
    /// `numpy.core.multiarray.scalar`: a number.
    case scalar
    /// `numpy.core.numeric._frombuffer`: an array of protocol 5.
    case fromBuffer
    case ndarray
    case dtype
    /// `scipy.sparse.csr_matrix` or `csr_array`.
    case csr
    /// `_codecs.encode`: the bytes of protocol 2.
    case encode
    /// `copyreg._reconstructor`: objects of protocols below 2 within later ones.
    case object

    private static let known: [String: PickleGlobal] = {
        var known: [String: PickleGlobal] = [
            "numpy ndarray": .ndarray, "numpy dtype": .dtype, "_codecs encode": .encode, "__builtin__ object": .object,
            "builtins object": .object,
        ]
        for core in ["numpy.core", "numpy._core"] {
            known["\(core).multiarray _reconstruct"] = .reconstruct
            known["\(core).multiarray scalar"] = .scalar
            known["\(core).numeric _frombuffer"] = .fromBuffer
        }
        for module in ["scipy.sparse", "scipy.sparse.csr", "scipy.sparse._csr", "scipy.sparse._arrays"] {
            known["\(module) csr_matrix"] = .csr
            known["\(module) csr_array"] = .csr
        }
        return known
    }()

    init?(module: String, name: String) {
        guard let global = Self.known["\(module) \(name)"] else { return nil }
        self = global
    }

    var name: String { rawValue }
}
