"""Why a file can't be read, in words: cause and remedy by the code that a reading process gives.

``{name}`` is the file's printable name; the other fields are facts that the process or the parent fills in.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping

from pipeline.errors import ReadError, adding
from pipeline.lang import Text

_REPAIR = Text(
    "请换一份完好的文件，或用 PDF 软件打开后另存", "get an intact copy, or open it in a PDF program and save it anew"
)
_FORMATS = Text(
    "能读的有 PDF、Word（.docx）、文本（.txt、.md）和图片（.png、.jpg、.tiff）；其他的请先转换成 PDF",
    "PDF, Word (.docx), text (.txt, .md) and pictures (.png, .jpg, .tiff) can be read; convert others to PDF first",
)

TEXTS: Mapping[str, tuple[Text, Text]] = {
    "empty": (
        Text("{name}：文件是空的（0 字节）", "{name}: the file is empty (0 bytes)"),
        Text("请重新取得这个文件", "get the file again"),
    ),
    "not_pdf": (
        Text(
            "{name}：不是 PDF（没有 %PDF- 文件头），也不是能读的其他文件",
            "{name}: not a PDF (no %PDF- header), nor anything else that can be read",
        ),
        _FORMATS,
    ),
    "docx_broken": (
        Text("{name}：Word 文件已损坏或不完整", "{name}: the Word file is damaged or cut"),
        Text(
            "请换一份完好的文件，或用 Word、WPS 打开后另存",
            "get an intact copy, or open it in Word or WPS and save it anew",
        ),
    ),
    "xml_doctype": (
        Text(
            "{name}：文件里的 XML 带有文档类型声明（可能是实体炸弹或外部引用），已拒绝",
            "{name}: XML in the file declares a document type (maybe an entity bomb or an outside reference); refused",
        ),
        Text("请不要信任这个文件；若可信，用 Word 打开后另存", "do not trust it; if you do, save it anew in Word"),
    ),
    "unpacked": (
        Text(
            "{name}：解压后超过 {limit} MiB，可能是解压炸弹",
            "{name}: more than {limit} MiB when unpacked, maybe a decompression bomb",
        ),
        Text("若文件可信，请拆分后再读", "if you trust it, divide it and read the parts"),
    ),
    "only_pictures": (
        Text("{name}：Word 文件里只有图片，没有文字", "{name}: the Word file holds pictures alone, no text"),
        Text("请另存为 PDF 再分析（将由 OCR 识别）", "save it as PDF, which OCR can read"),
    ),
    "office_password": (
        Text("{name}：Office 文件已加密", "{name}: the Office file is encrypted"),
        Text("请在 Word 或 WPS 里去掉密码后另存", "take the password away in Word or WPS and save it"),
    ),
    "old_word": (
        Text(
            "{name}：是旧版 Word、WPS 或 RTF 文件，不能直接读",
            "{name}: an old Word, WPS or RTF file, which can't be read",
        ),
        Text("请用 Word 或 WPS 打开，另存为 .docx 或 PDF", "open it in Word or WPS and save it as .docx or PDF"),
    ),
    "open_document": (
        Text("{name}：是 OpenDocument 文件，不能直接读", "{name}: an OpenDocument file, which can't be read"),
        Text("请用 LibreOffice 或 WPS 另存为 .docx 或 PDF", "save it as .docx or PDF in LibreOffice"),
    ),
    "ofd": (
        Text("{name}：是 OFD 版式文件，不能直接读", "{name}: an OFD file, which can't be read"),
        Text("请用 OFD 阅读器（如数科、福昕）导出为 PDF", "export it as PDF in an OFD reader"),
    ),
    "archive": (
        Text("{name}：是压缩包", "{name}: an archive"),
        Text("请先解压，把其中的文件放进来", "unpack it and use the files in it"),
    ),
    "sheet": (
        Text("{name}：是电子表格，不能直接读", "{name}: a spreadsheet, which can't be read"),
        Text("请在 Excel 或 WPS 里导出为 PDF", "export it as PDF in Excel or WPS"),
    ),
    "slides": (
        Text("{name}：是演示文稿，不能直接读", "{name}: a presentation, which can't be read"),
        Text("请在 PowerPoint 或 WPS 里导出为 PDF", "export it as PDF in PowerPoint or WPS"),
    ),
    "mail": (
        Text("{name}：是电子邮件，不能直接读", "{name}: an e-mail, which can't be read"),
        Text("请取出附件，正文另存为 .txt 或打印为 PDF", "take its attachments out, and save its text as .txt or PDF"),
    ),
    "web": (
        Text("{name}：是网页文件，不能直接读", "{name}: a web page, which can't be read"),
        Text("请在浏览器里打印为 PDF", "print it to PDF in a browser"),
    ),
    "picture": (
        Text("{name}：是不支持的图片格式", "{name}: a picture of a format that can't be read"),
        Text("请转换成 PNG、JPEG、TIFF 或 PDF", "convert it to PNG, JPEG, TIFF or PDF"),
    ),
    "image_broken": (
        Text("{name}：图片已损坏或不完整", "{name}: the picture is damaged or cut"),
        Text("请重新扫描，或用看图软件打开后另存", "scan it again, or open it in a viewer and save it anew"),
    ),
    "too_many_pixels": (
        Text(
            "{name}：图片超过 {limit} 百万像素，不像正常扫描件",
            "{name}: a picture of more than {limit} million pixels, hardly a real scan",
        ),
        Text("请以 200 至 300 dpi 重新扫描，或缩小后再读", "scan it again at 200 to 300 dpi, or reduce it"),
    ),
    "too_many_pages": (
        Text("{name}：图片超过 {limit} 页", "{name}: a picture of more than {limit} pages"),
        Text("请拆分后再读", "divide it and read the parts"),
    ),
    "not_text": (
        Text("{name}：不是文本文件，或编码无法识别", "{name}: not a text file, or its encoding can't be told"),
        Text("请另存为 UTF-8 编码的 .txt", "save it as .txt in UTF-8"),
    ),
    "broken": (
        Text(
            "{name}：PDF 已损坏或不完整，PDFium 与 pypdf 都打不开",
            "{name}: the PDF is damaged or cut; neither PDFium nor pypdf can open it",
        ),
        _REPAIR,
    ),
    "no_pages": (Text("{name}：PDF 里没有页面", "{name}: the PDF has no pages"), _REPAIR),
    "password": (
        Text("{name}：PDF 已加密，没有合适的密码", "{name}: the PDF is encrypted and no password fits"),
        Text(
            '请设置 LONGDOC_PASSWORDS=\'["密码"]\'，或在 longdoc.toml 里写 passwords = ["密码"]',
            'set LONGDOC_PASSWORDS=\'["password"]\', or passwords = ["password"] in longdoc.toml',
        ),
    ),
    "security": (
        Text("{name}：PDF 使用了不支持的加密方式", "{name}: the PDF is encrypted in an unsupported way"),
        Text(
            "请用有权限的软件打开后另存为不加密的 PDF",
            "open it where you have the rights and save it without encryption",
        ),
    ),
    "too_long": (
        Text(
            "{name}：文字超过 {limit} 个字符，不像正常文件",
            "{name}: more than {limit} characters of text, hardly a real document",
        ),
        Text("请拆分后再读", "divide it and read the parts"),
    ),
    "memory": (
        Text(
            "{name}：读取时超出内存上限 {memory_mib} MiB（可能是解压炸弹）",
            "{name}: reading it takes more than the {memory_mib} MiB allowed (maybe a decompression bomb)",
        ),
        Text("若文件可信，请调大 LONGDOC_READ_MEMORY_MIB", "if you trust the file, raise LONGDOC_READ_MEMORY_MIB"),
    ),
    "timeout": (
        Text("{name}：{timeout_s:g} 秒内没有读完，已中止", "{name}: not read within {timeout_s:g} s, stopped"),
        Text("若文件可信，请调大 LONGDOC_READ_TIMEOUT_S", "if you trust the file, raise LONGDOC_READ_TIMEOUT_S"),
    ),
    "ocr_timeout": (
        Text("{name}：{timeout_s:g} 秒内没有识别完一页", "{name}: a page not recognised within {timeout_s:g} s"),
        Text(
            "请以 200 至 300 dpi 重新扫描；机器慢时请调大 LONGDOC_OCR_PAGE_TIMEOUT_S",
            "scan it again at 200 to 300 dpi; on a slow machine raise LONGDOC_OCR_PAGE_TIMEOUT_S",
        ),
    ),
    "died": (
        Text(
            "{name}：读取进程中途崩溃（{signal}）；常见原因是损坏的文件、解压炸弹或内存上限（{memory_mib} MiB）",
            "{name}: the reading process died ({signal}); usual causes: a damaged file, a decompression bomb, "
            "the memory limit ({memory_mib} MiB)",
        ),
        Text(
            "请用 PDF 软件打开后另存；若文件可信且很大，请调大 LONGDOC_READ_MEMORY_MIB",
            "open it in a PDF program and save it anew; if it is large and you trust it, raise LONGDOC_READ_MEMORY_MIB",
        ),
    ),
    "os": (
        Text("{name}：读不了文件：{reason}", "{name}: can't read the file: {reason}"),
        Text("请检查文件与权限", "check the file and its permissions"),
    ),
    "internal": (
        Text("{name}：读取时出现内部错误 {type}（{where}）", "{name}: internal error while reading: {type} ({where})"),
        Text(
            "请报告这个问题；也可用 PDF 软件打开后另存再试",
            "please report it; saving the file anew in a PDF program may help",
        ),
    ),
    "encrypted_copy": (
        Text(
            "{name}：PDF 已加密，不能在不解除加密的情况下写入批注",
            "{name}: the PDF is encrypted; annotations can't be added without taking that away",
        ),
        Text(
            "请用有权限的软件另存为不加密的 PDF 再导出；或导出带页面图像的 HTML 报告",
            "save it without encryption where you have the rights, or export the HTML report with page images",
        ),
    ),
    "unwritable": (
        Text(
            "{name}：不能在这个 PDF 上写入批注（结构不规范：{type}）；原件没有改动",
            "{name}: annotations can't be added to this PDF (irregular structure: {type}); the original is unchanged",
        ),
        Text(
            "请用 PDF 软件打开后另存再导出；或导出带页面图像的 HTML 报告",
            "save it anew in a PDF program and export again, or export the HTML report with page images",
        ),
    ),
    "malformed": (
        Text(
            "{name}：读取进程给出了不合规的结果，已弃用",
            "{name}: the reading process gave an invalid answer, which was rejected",
        ),
        Text("请不要信任这个文件，并报告这个问题", "do not trust this file, and please report it"),
    ),
}

_ADD_OCR = Text(*(text.replace("{", "{{").replace("}", "}}") for text in adding("ocr")))

NO_TEXT: Mapping[str, tuple[Text, Text]] = {
    "off": (
        Text(
            "{name}：没有可读的文字（扫描件或乱码），而 OCR 已关闭",
            "{name}: no readable text (a scan, or garbled), and OCR is off",
        ),
        Text(f"请设置 LONGDOC_OCR=auto。{_ADD_OCR.zh}", f"set LONGDOC_OCR=auto; {_ADD_OCR.en}"),
    ),
    "missing": (
        Text(
            "{name}：没有可读的文字（扫描件或乱码），而 OCR 没有安装",
            "{name}: no readable text (a scan, or garbled), and OCR is not installed",
        ),
        _ADD_OCR,
    ),
    "failed": (
        Text(
            "{name}：没有文字层，OCR 一页也没有读出（{reason.cause.zh}）",
            "{name}: no text layer, and OCR read no page ({reason.cause.en})",
        ),
        Text("{reason.remedy.zh}", "{reason.remedy.en}"),
    ),
    "nothing": (
        Text("{name}：没有文字层，OCR 也没有认出文字", "{name}: no text layer, and OCR found no text"),
        Text("请检查页面是否空白、倒置或过于模糊", "check whether the pages are empty, upside down or too blurred"),
    ),
    "blank": (
        Text("{name}：所有页面都是空白，没有文字", "{name}: all pages are blank, without text"),
        Text("请检查文件是否正确", "check that this is the right file"),
    ),
}


def printable(name: str) -> str:
    """A file name that can be shown and stored: no control or direction characters, no lone surrogates."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name)


def shown(name: str) -> str:
    """A file name for a message: printable, and not too long."""
    name = printable(name)
    return name if len(name) <= 120 else f"{name[:80]}…{name[-36:]}"


def filled(texts: tuple[Text, Text], facts: Mapping[str, object]) -> tuple[Text, Text]:
    """Cause and remedy with their facts put in."""
    cause, remedy = (Text(text.zh.format_map(facts), text.en.format_map(facts)) for text in texts)
    return cause, remedy


def read_error(code: str, facts: Mapping[str, object]) -> ReadError:
    """The error for a failure code; an unknown code is itself a malformed answer."""
    return ReadError(*filled(TEXTS.get(code, TEXTS["malformed"]), facts))


def signal_name(returncode: int) -> str:
    """What ended a process: ``SIGABRT``, or its exit status."""
    if returncode >= 0:
        return f"exit {returncode}"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
