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
