import CText

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
