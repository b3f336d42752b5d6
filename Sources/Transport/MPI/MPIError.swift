import CMPI
import Support

/// Throws where an MPI call did not succeed, with the words of MPI for it.
func check(_ status: Int32, _ call: String) throws {
    guard status != MPI_SUCCESS else { return }
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING) + 1)
    var length: Int32 = 0
    MPI_Error_string(status, &text, &length)
    let words = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    throw Failure(
        .outOfResources, "MPI could not do what was asked of it", at: call, found: words,
        advice: "see whether all nodes are up and whether they have free memory, also in /dev/shm")
}
