import CPCRE2

/// A compiled regular expression with bounds on time and memory; matching is safe from several threads.
///
/// Safe to mark as sendable without checks: compiled code is never changed after `init`, and PCRE2 allows concurrent
/// matching with it; match data is made for each call.
package final class PayloadRegex: @unchecked Sendable {
    /// Why a pattern is refused.
    package struct SyntaxFault: Error, Sendable, Hashable {
        /// What PCRE2 says.
        package let message: String
        /// The place in the pattern, in bytes.
        package let offset: Int
    }

    /// What came of a search.
    package enum Outcome: Sendable, Hashable {
        case found
        case absent
        /// The search was ended by a limit: the policy must fail closed.
        case exceededLimit
    }

    /// The longest text that is searched; a longer one counts as exceeding the limit.
    package static let subjectBytesMax = 256 * 1024
    private static let matchLimit: UInt32 = 100_000
    private static let depthLimit: UInt32 = 10_000
    private static let heapLimitKibibytes: UInt32 = 4_096

    package let pattern: String
    private let code: OpaquePointer
    private let context: OpaquePointer

    /// Compiles a pattern as Python's `re.search` with IGNORECASE would read it.
    package init(_ pattern: String) throws(SyntaxFault) {
        self.pattern = pattern
        var errorNumber: Int32 = 0
        var errorOffset = 0
        let options = UInt32(PCRE2_UTF) | UInt32(PCRE2_UCP) | UInt32(PCRE2_CASELESS) | UInt32(PCRE2_NEVER_BACKSLASH_C)
        let bytes = Array(pattern.utf8)
        let compiled = bytes.withUnsafeBufferPointer { pointer in
            pcre2_compile_8(pointer.baseAddress, bytes.count, options, &errorNumber, &errorOffset, nil)
        }
        guard let compiled else { throw SyntaxFault(message: Self.text(errorNumber), offset: errorOffset) }
        // Not having JIT on a machine is no fault: the interpreter obeys the same limits.
        _ = pcre2_jit_compile_8(compiled, UInt32(PCRE2_JIT_COMPLETE))
        guard let context = pcre2_match_context_create_8(nil) else {
            pcre2_code_free_8(compiled)
            throw SyntaxFault(message: "no memory for the pattern", offset: 0)
        }
        pcre2_set_match_limit_8(context, Self.matchLimit)
        pcre2_set_depth_limit_8(context, Self.depthLimit)
        pcre2_set_heap_limit_8(context, Self.heapLimitKibibytes)
        code = compiled
        self.context = context
    }

    deinit {
        pcre2_match_context_free_8(context)
        pcre2_code_free_8(code)
    }

    /// Searches a text.
    package func search(_ text: String) -> Outcome {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.subjectBytesMax else { return .exceededLimit }
        guard let data = pcre2_match_data_create_from_pattern_8(code, nil) else { return .exceededLimit }
        defer { pcre2_match_data_free_8(data) }
        let result = bytes.withUnsafeBufferPointer { pointer in
            pcre2_match_8(code, pointer.baseAddress, bytes.count, 0, UInt32(PCRE2_NO_UTF_CHECK), data, context)
        }
        if result >= 0 { return .found }
        return result == PCRE2_ERROR_NOMATCH ? .absent : .exceededLimit
    }

    private static func text(_ errorNumber: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = pcre2_get_error_message_8(errorNumber, &buffer, buffer.count)
        return String(decoding: buffer.prefix(Int(max(count, 0))), as: UTF8.self)
    }
}
