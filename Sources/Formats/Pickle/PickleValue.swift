/// What stands on the stack of the pickle machine. Texts and bytes are ranges of the file: nothing is copied on the way.
indirect enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case real
    case text(Range<Int>)
    /// Bytes; `isUTF8`: as text of characters below 256, which protocol 2 has in place of bytes.
    case bytes(Range<Int>, isUTF8: Bool)
    case tuple([PickleValue], depth: Int)
    case dictionary(PickleDictionary)
    case global(PickleGlobal)
    case dtype(PickleType)
    case array(PickleArray)
    case sparse(PickleSparse)

    /// How deep it is nested; the machine bounds it, since freeing a deep value would exhaust the thread's stack.
    var depth: Int {
        switch self {
        case .tuple(_, let depth): depth
        case .dictionary: PickleMachine.dictionaryDepth
        default: 0
        }
    }

    var elements: [PickleValue]? {
        if case .tuple(let elements, _) = self { return elements }
        return nil
    }

    var integer: Int? {
        switch self {
        case .integer(let number): number
        case .bool(let flag): flag ? 1 : 0
        default: nil
        }
    }

    /// What a person calls it.
    var name: String {
        switch self {
        case .none: "None"
        case .bool: "a bool"
        case .integer: "an integer"
        case .real: "a float"
        case .text: "a string"
        case .bytes: "bytes"
        case .tuple: "a tuple"
        case .dictionary: "a dict"
        case .global(let global): global.name
        case .dtype: "a numpy.dtype"
        case .array: "a numpy array"
        case .sparse: "a sparse matrix"
        }
    }
}

/// `numpy.dtype(code)`; its byte order comes by a later BUILD.
final class PickleType {
    /// `f4`, `i8`, …
    let code: String
    var order = "|"
    init(code: String) { self.code = code }
}

/// A numpy array, whole once its state has come.
final class PickleArray {
    struct State {
        var shape: [Int]
        var type: PickleType
        var fortranOrder: Bool
        var content: PickleValue
    }
    var state: State?
    init(_ state: State? = nil) { self.state = state }
}

/// A scipy CSR matrix, whole once its state has come.
final class PickleSparse {
    struct State {
        var shape: PickleValue
        var data: PickleArray
        var indices: PickleArray
        var indptr: PickleArray
    }
    var state: State?
    init(_ state: State? = nil) { self.state = state }
}

/// The state of an object; keys that no matrix has are dropped on the way in.
final class PickleDictionary {
    var items: [String: PickleValue] = [:]
}

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
