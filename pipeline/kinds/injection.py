"""Document text that gives orders to a model: reported, and nowhere obeyed.

What makes an order is that nobody of the contract is its subject: 忽略以上指令 at the start of a clause speaks to the
reader, 乙方不得忽略上述要求 binds a party. Words that no contract uses (a system prompt, a chat marker) need no more.
"""

from __future__ import annotations

import re

from pipeline.ground import evidence_at
from pipeline.kinds.packs.scan import Sentences
from pipeline.lang import Text
from pipeline.types import Document, Finding, Span

ITEM = "文档内含对模型的指令"
_MOST_PLACES = 20

_START = r"(?:^|[\s。：:！!“\"'「『（(\[【<>#*_=\-]|请|你|您|现在|务必|立即|必须|模型|助手|AI)"
_FORGET = r"(?:忽略|无视|忘记|忘掉|不要理会|不必理会|不用理会|抛弃|跳过|停止执行|不要(?:遵守|遵循|执行))"
_EARLIER = (
    r"[^。；，,\n]{0,6}(?:以上|上述|之前|此前|前面|先前|上面|前述|原有|系统|一切|所有|全部|任何)[^。；，,\n]{0,10}"
)
_NO_RISK = r"(?:空列表|空数组|(?:无|没有|不存在)(?:任何)?(?:法律)?风险|没有(?:任何)?问题|一切正常|审查通过)"

_ORDERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_FORGET}{_EARLIER}(?:提示词|系统提示|系统指令|提示语|prompt|预设|设定)",
        rf"{_START}{_FORGET}{_EARLIER}(?:指令|提示|规则|命令|指示|要求|说明|任务|内容)(?!的|而|，?导致|，?造成)",
        r"(?:你|您)(?:现在|从现在起|将|只)?(?:是|扮演|充当)(?:一[个名位]|本)?[^。，\n]{0,10}(?:AI|人工智能|模型|助手|机器人)",
        r"(?:作为|身为)(?:一[个名位])?(?:AI|人工智能|大?(?:语言)?模型)[^。\n]{0,6}[，,]?(?:你|请|必须|不要)",
        rf"(?:请|只[需能要]|仅|直接|必须|一律|统一|务必)[^。，\n]{{0,8}}(?:输出|回答|回复|返回|写)[^。\n]{{0,14}}{_NO_RISK}",
        rf"(?:AI|人工智能|模型|助手|审[阅查核]系统)[^。\n]{{0,16}}(?:输出|回答|回复|返回|判定|评为|认定)[^。\n]{{0,14}}{_NO_RISK}",
        rf"{_START}(?:不要|不得|禁止|切勿|不必|无需)(?:[^。，\n人方]{{0,6}})(?:列出|报告|输出|指出|提及|标记)"
        r"[^。，\n]{0,10}(?:风险|问题|缺陷|不利|隐患)",
        r"<\|[a-z_]{2,20}\|>|\[/?INST\]|<<SYS>>|</?(?:system|instructions?)>|<<<(?:原文|TEXT)",
        r"(?<!not )(?<!shall )(?<!may )(?<!will )(?<!never )(?<!or )(?<!and )(?<!to )"
        r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,30}\b(?:previous|prior|above|preceding|earlier|all|system|your)\b[^.\n]{0,24}"
        r"\b(?:instructions?|prompts?|rules|guidelines)\b",
        r"\byou are (?:now )?(?:an? )?(?:AI|helpful|large language model|language model|assistant|chatbot)\b",
        r"\bas an AI\b",
    )
)
_WORDS = (
    "忽略", "无视", "忘记", "忘掉", "理会", "抛弃", "跳过", "停止执行", "不要遵", "不要执行", "提示词", "系统提示",
    "人工智能", "助手", "语言模型", "大模型", "AI", "空列表", "空数组", "风险", "没有问题", "没有任何问题",
    "一切正常", "审查通过", "缺陷", "隐患", "<|", "INST]", "<<", "system>", "nstruction", "NSTRUCTION", "prompt",
    "PROMPT", "guideline", " rules", "ou are ", "OU ARE ", "s an AI",
)  # fmt: skip
"""One of them stands in every order: the patterns are tried on the sentences that hold one."""


def injections_in(document: Document) -> list[Finding]:
    """At most one finding, with all places (twenty at most) as its evidence."""
    sentences = Sentences(document.text)
    places = sorted({span for word in _WORDS for span in _orders_by(word, document.text, sentences)})[:_MOST_PLACES]
    if not places:
        return []
    return [
        Finding(
            category="checks",
            item=ITEM,
            value="",
            source="rule",
            evidence=tuple(evidence_at(document, span) for span in places),
            detail=str(_WHY),
            severity="high",
            status="unclear",
            suggestion=str(_ADVICE),
        )
    ]


def _orders_by(word: str, text: str, sentences: Sentences) -> list[Span]:
    found: list[Span] = []
    at = text.find(word)
    while at >= 0:
        span = sentences.around(at, at + len(word))
        sentence = text[span.start : span.end]
        if any(pattern.search(sentence) for pattern in _ORDERS):
            found.append(span)
        at = text.find(word, max(span.end, at + 1))
    return found


_WHY = Text(
    "文中有写给 AI 模型的话，可能想影响自动审查的结果。本程序把原文只当资料，没有执行；但这段话的存在本身需要查明。",
    "The text speaks to an AI model, perhaps to sway an automatic review. It was taken as data and not obeyed; that it "
    "stands there at all wants an explanation.",
)
_ADVICE = Text(
    "请核实这段文字的来源，要求对方删除，并人工复核本次分析的结论。",
    "Find out where it comes from, have it deleted, and check the results of this analysis by hand.",
)
