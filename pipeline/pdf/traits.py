"""What a reader must know of how a document was read, in words. ``{count}`` is how often it was met."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.lang import Text

TRAITS: Mapping[str, Text] = {
    "insertions": Text(
        "文件带有修订标记：{count} 处插入按已接受处理",
        "the file has tracked changes: {count} insertions were taken as accepted",
    ),
    "deletions": Text(
        "文件带有修订标记：{count} 处删除按已接受处理，被删的文字未参与分析",
        "the file has tracked changes: {count} deletions were taken as accepted; what they delete was not analysed",
    ),
    "comments": Text("文件有 {count} 处批注，未参与分析", "the file has {count} comments, which were not analysed"),
    "hidden": Text(
        "文件有 {count} 处隐藏文字（打印时看不到），未参与分析",
        "the file has {count} pieces of hidden text (not printed), which were not analysed",
    ),
    "layers": Text(
        "文件有隐藏图层，其上的 {count} 个字（不显示）未参与分析",
        "the file has hidden layers; the {count} characters on them (not shown) were not analysed",
    ),
    "pictures": Text(
        "文件里有 {count} 处图片或嵌入对象，其中的文字没有读；若是扫描页，请另存为 PDF 再分析",
        "the file holds {count} pictures or embedded objects, whose text was not read; if they are scanned pages, save "
        "it as PDF",
    ),
    "embedded": Text(
        "文件里嵌入了 {count} 份其他格式的文件，没有读",
        "the file embeds {count} files of other formats, which were not read",
    ),
    "unpaged": Text("这种文件没有页码，全文算作第 1 页", "this kind of file has no pages: all of it counts as page 1"),
    "paged_by_word": Text(
        "Word 文件没有固定的页码：页码按 Word 上次排版的结果，可能与打印件不同",
        "Word files have no fixed pages: page numbers are those of Word's last layout and may differ in print",
    ),
    "paged_by_breaks": Text(
        "这种文件没有固定的页码：页码只按文件里的分页符计",
        "this kind of file has no fixed pages: only page breaks in it are counted",
    ),
    "gaps": Text(
        "有 {count} 个字在字体里没有编码，读不出来，以 \ufffd 表示，请对照原件",
        "{count} characters are not told by their fonts and are shown as \ufffd: see the original",
    ),
    "filled": Text(
        "有 {count} 个字在字体里没有编码，由 OCR 按字形补上，请对照原件",
        "{count} characters are not told by their fonts and were recognised by OCR: see the original",
    ),
    "undecoded": Text(
        "有 {count} 个字符无法解码，以 □ 代替", "{count} characters could not be decoded and are shown as □"
    ),
}


def told(traits: Mapping[str, int]) -> list[Text]:
    """The traits of a document in words."""
    return [Text(TRAITS[code].zh.format(count=n), TRAITS[code].en.format(count=n)) for code, n in traits.items()]
