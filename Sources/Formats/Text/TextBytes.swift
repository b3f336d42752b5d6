import CText
import Glibc

/// The float nearest to a decimal number of either sign; nil where the bytes are none or it is out of a float's range.
package func decimalNumber(_ bytes: UnsafeRawBufferPointer) -> Float? {
    let negative = bytes.first == UInt8(ascii: "-")
    let digits = negative ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst()) : bytes
    // The kernel reads one sign; a second one is no number.
    if negative, let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { return nil }
    guard let text = digits.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
    var value: Float = 0
    guard ct_text_number(text, digits.count, &value) == Int32(CT_OK) else { return nil }
    return negative ? -value : value
}

/// The place of the next line feed from `start` on, or the end.
package func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    guard start < bytes.count, let base = bytes.baseAddress, let found = memchr(base + start, 10, bytes.count - start) else {
        return bytes.count
    }
    return UnsafeRawPointer(found) - base
}

/// The start of `bytes` in back-quotes, with what can't be printed escaped.
package func quoted(_ bytes: some Sequence<UInt8>, limit: Int = 60) -> String {
    var text = ""
    var count = 0
    for byte in bytes {
        if count == limit { return "`\(text)…`" }
        count += 1
        switch byte {
        case 0x20...0x7e: text.unicodeScalars.append(Unicode.Scalar(byte))
        case UInt8(ascii: "\t"): text += "\\t"
        case UInt8(ascii: "\r"): text += "\\r"
        default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return "`\(text)`"
}
