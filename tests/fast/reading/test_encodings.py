"""Bytes are read in the encoding they were written in, though nobody names it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.reading.encodings import decode, looks_binary, sniff_encoding

CHINESE = (
    "检索增强生成是一种把语言模型与文档检索结合起来的方法。系统先在文档库中查找与问题相关的段落，"
    "然后把这些段落作为上下文交给模型，由模型写出带有引用的回答。春天来了，公园里的花都开了，"
    "孩子们在草地上奔跑，老人坐在长椅上晒太阳。"
)
TAIWAN = (
    "檢索增強生成是一種把語言模型與文件檢索結合起來的方法。系統先在文件庫中查找與問題相關的段落，"
    "然後把這些段落作為上下文交給模型。春天來了，公園裡的花都開了，孩子們在草地上奔跑。"
)
JAPANESE = (
    "検索拡張生成は、言語モデルと文書検索を組み合わせた手法です。システムはまず質問に関連する段落を"
    "文書から探し、それを文脈としてモデルに渡します。吾輩は猫である。名前はまだ無い。"
)
KOREAN = (
    "검색 증강 생성은 언어 모델과 문서 검색을 결합한 방법입니다. "
    "시스템은 먼저 질문과 관련된 단락을 "
    "문서에서 찾은 다음 이를 문맥으로 모델에 전달합니다. 봄이 오면 "
    "공원에 꽃이 피고 아이들은 뛰어논다."
)
RUSSIAN = (
    "Поиск с дополненной генерацией объединяет языковую модель и "
    "поиск по документам. Весной в парке "
    "цветут цветы, дети бегают по траве, а старики сидят на скамейках и греются на солнце."
)
GERMAN = (
    "Die Öffnungszeiten für Gäste hängen von der Größe der Gruppe "
    "ab. Wir möchten Sie bitten, früh zu "
    "buchen, da die Plätze begrenzt sind. Über die Straße führt eine schöne Brücke."
)
FRENCH = (
    "Les élèves étudient la forêt près du château. Où sont passées "
    "les clés ? L’été dernier, un garçon "
    "naïf a mangé une crêpe à Noël, déçu que le café fût fermé."
)
SPANISH = (
    "El niño preguntó: ¿cuándo llegará el camión? La señora contestó "
    "que mañana por la mañana. También "
    "pidió más información sobre la generación de respuestas."
)
POLISH = (
    "Wyszukiwanie wspomagane generowaniem łączy model językowy z "
    "wyszukiwaniem dokumentów. Najpierw "
    "system znajduje akapity związane z pytaniem, później przekazuje "
    "je modelowi. Święta są już wkrótce."
)
CZECH = (
    "Příliš žluťoučký kůň úpěl ďábelské ódy. Vyhledávání rozšířené o "
    "generování spojuje jazykový model s "
    "vyhledáváním dokumentů. Nejprve systém najde odstavce týkající se otázky."
)
HUNGARIAN = (
    "A rendszer először megkeresi a kérdéshez kapcsolódó "
    "bekezdéseket, majd átadja őket a modellnek. "
    "Őszi reggelen hűvös szél fúj, a gyerekek pedig már az iskolába indulnak."
)
TURKISH = (
    "Çocuklar bahçede oynuyor, yaşlılar güneşte oturuyor. İstanbul "
    "büyük bir şehirdir, görülecek çok şey "
    "vardır. Aradığınız bilgiye ulaşmak için soruyu yazın."
)
GREEK = (
    "Η αναζήτηση με παραγωγή συνδυάζει ένα γλωσσικό μοντέλο με την "
    "αναζήτηση εγγράφων. Πρώτα το σύστημα "
    "βρίσκει τις παραγράφους που σχετίζονται με την ερώτηση."
)
HEBREW = "החיפוש משלב מודל שפה עם אחזור מסמכים. תחילה המערכת מוצאת פסקאות הקשורות לשאלה."
ARABIC = "يجمع البحث بين نموذج اللغة واسترجاع المستندات. يجد النظام أولا الفقرات المتعلقة بالسؤال."
THAI = "การค้นหาเอกสารช่วยให้โมเดลภาษาตอบคำถามได้ดีขึ้น ระบบจะค้นหาย่อหน้าที่เกี่ยวข้องก่อน"

UKRAINIAN = (
    "Пошук поєднує мовну модель із пошуком документів. Спочатку система знаходить абзаци, "
    "які стосуються запитання, а потім передає їх моделі. Їхні діти їдуть до школи."
)
BULGARIAN = (
    "Търсенето съчетава езиков модел с търсене в документи. Първо системата намира абзаците, "
    "свързани с въпроса, след това ги предава на модела. Пролетта вече дойде в парка."
)
ITALIAN = (
    "La città è già piena di gente perché è domenica. Più tardi i bambini andranno al parco, e "
    "lunedì torneranno a scuola: così è la vita, però qualcuno vorrebbe che fosse già venerdì."
)
PORTUGUESE = (
    "A pesquisa combina um modelo de linguagem com a recuperação de documentos. Não há dúvida de "
    "que as crianças já estão no parque; amanhã voltarão à escola, depois das férias de verão."
)
SWEDISH = (
    "Sökningen förenar en språkmodell med hämtning av dokument. Först hittar systemet de stycken "
    "som hör till frågan. På våren blommar äppelträden, och barnen åker båt på sjön."
)
DANISH = (
    "Søgningen forener en sprogmodel med hentning af dokumenter. Først finder systemet de afsnit, "
    "der hører til spørgsmålet. Børnene løber på græsset, og de gamle får sig en øl på havnen."
)
FINNISH = (
    "Haku yhdistää kielimallin asiakirjojen hakuun. Järjestelmä löytää ensin kysymykseen liittyvät "
    "kappaleet ja välittää ne mallille. Kesällä lapset leikkivät pihalla ja syövät jäätelöä."
)
ROMANIAN = (
    "Căutarea îmbină un model de limbă cu regăsirea documentelor. Mai întâi sistemul găseşte "
    "paragrafele legate de întrebare, apoi le dă modelului. Copiii aleargă pe iarbă şi cântă."
)
CROATIAN = (
    "Pretraživanje spaja jezični model s dohvaćanjem dokumenata. Sustav najprije pronalazi odlomke "
    "koji se tiču pitanja, a zatim ih daje modelu. Djeca trče po travi, a ptice žive u šumi."
)
LITHUANIAN = (
    "Paieška sujungia kalbos modelį su dokumentų paieška. Pirmiausia sistema randa su klausimu "
    "susijusias pastraipas ir perduoda jas modeliui. Vaikai žaidžia sode, o šuo guli pavėsyje."
)
LATVIAN = (
    "Meklēšana apvieno valodas modeli ar dokumentu izguvi. Vispirms sistēma atrod ar jautājumu "
    "saistītās rindkopas un nodod tās modelim. Bērni spēlējas dārzā, un suns guļ ēnā."
)
ESTONIAN = (
    "Otsing ühendab keelemudeli dokumentide otsimisega. Kõigepealt leiab süsteem küsimusega seotud "
    "lõigud ja annab need mudelile. Lapsed mängivad õues ja vanad istuvad päikese käes."
)
ICELANDIC = (
    "Leitin sameinar mállíkan og skjalaleit. Fyrst finnur kerfið þær efnisgreinar sem tengjast "
    "spurningunni og afhendir þær líkaninu. Börnin hlaupa í grasinu, en það er orðið áliðið."
)

WRITTEN = [
    *((CHINESE, codec) for codec in ("gb18030", "gb2312", "gbk", "utf-16-le", "utf-16-be")),
    *((TAIWAN, codec) for codec in ("big5", "cp950", "gb18030", "utf-16-le", "utf-16-be")),
    *((JAPANESE, codec) for codec in ("shift_jis", "cp932", "euc_jp", "iso2022_jp", "utf-16-le")),
    *((KOREAN, codec) for codec in ("euc_kr", "cp949", "utf-16-be")),
    *((RUSSIAN, codec) for codec in ("cp1251", "koi8_r", "cp866", "utf-16-le", "utf-16-be")),
    *((text, "cp1252") for text in (GERMAN, FRENCH, SPANISH)),
    *((text, "latin-1") for text in (GERMAN, SPANISH)),
    *((text, codec) for text in (POLISH, CZECH, HUNGARIAN) for codec in ("cp1250", "iso8859_2")),
    *((TURKISH, codec) for codec in ("cp1254", "iso8859_9")),
    *((GREEK, codec) for codec in ("cp1253", "iso8859_7")),
    (HEBREW, "cp1255"),
    (ARABIC, "cp1256"),
    (THAI, "cp874"),
    *(
        (text, codec)
        for text in (RUSSIAN, BULGARIAN)
        for codec in ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic", "cp855")
    ),
    *((UKRAINIAN, codec) for codec in ("cp1251", "koi8_u", "iso8859_5", "mac_cyrillic")),
    *(
        (text, codec)
        for text in (GERMAN, SPANISH, ITALIAN, SWEDISH, FINNISH)
        for codec in ("cp1252", "iso8859_15", "cp850", "cp437", "mac_roman")
    ),
    *(
        (text, codec)
        for text in (PORTUGUESE, DANISH, ICELANDIC)
        for codec in ("cp1252", "iso8859_15", "cp850", "mac_roman")
        if text != ICELANDIC or codec != "mac_roman"
    ),
    *((FRENCH.replace("’", "'"), codec) for codec in ("iso8859_15", "mac_roman")),
    *(
        (text, codec)
        for text in (POLISH, CZECH, HUNGARIAN, CROATIAN)
        for codec in ("cp1250", "iso8859_2", "cp852", "mac_latin2")
        if text != CROATIAN or codec not in ("mac_latin2", "iso8859_2")
    ),
    *((ROMANIAN, codec) for codec in ("cp1250", "iso8859_2", "cp852")),
    *((TURKISH, codec) for codec in ("cp857", "mac_turkish")),
    *(
        (text, codec)
        for text in (LITHUANIAN, LATVIAN)
        for codec in ("cp1257", "iso8859_13", "iso8859_4", "cp775")
    ),
    *((ESTONIAN, codec) for codec in ("cp1257", "cp775")),
    (GREEK, "cp737"),
    *((HEBREW, codec) for codec in ("iso8859_8", "cp862")),
    (ARABIC, "iso8859_6"),
    *((KOREAN, codec) for codec in ("johab", "iso2022_kr")),
    (CHINESE, "hz"),
    *((text, codec) for text in (CHINESE, GERMAN) for codec in ("utf-32-le", "utf-32-be")),
    *((text, "utf-8") for text in (CHINESE, GERMAN, THAI)),
    *((text, "utf-16") for text in (CHINESE, GERMAN)),
    *((text, "utf-32") for text in (CHINESE, GERMAN)),
]


@pytest.mark.parametrize(("text", "codec"), WRITTEN)
def test_each_encoding_is_recognised(text: str, codec: str) -> None:
    assert decode(text.encode(codec)) == text
    assert decode(
        (text + "\r\n").encode(codec) * 1 if codec != "iso2022_jp" else text.encode(codec)
    )


SHORT = [
    *((CHINESE, codec) for codec in ("gb18030", "gb2312", "utf-16-le")),
    (TAIWAN, "big5"),
    *((JAPANESE, codec) for codec in ("shift_jis", "euc_jp")),
    (KOREAN, "euc_kr"),
    *((RUSSIAN, codec) for codec in ("cp1251", "koi8_r")),
    (GERMAN, "cp1252"),
]


@given(written=st.sampled_from(SHORT), start=st.integers(0, 60), length=st.integers(28, 40))
def test_a_few_dozen_characters_suffice(written: tuple[str, str], start: int, length: int) -> None:
    text, codec = written[0][start : start + length], written[1]
    assert decode(text.encode(codec)) == text


@pytest.mark.parametrize("codec", ["gb18030", "utf-16-le", "utf-16-be"])
def test_mostly_english_with_some_chinese(codec: str) -> None:
    text = (
        "The default model is MiniLM. " * 40
        + "请先运行检索命令，然后查看结果。"
        + " See below." * 30
    )
    assert decode(text.encode(codec)) == text


@pytest.mark.parametrize(("text", "codec"), SHORT)
def test_a_long_english_beginning_hides_nothing(text: str, codec: str) -> None:
    whole = "# licence line\n" * 3001 + text
    assert decode(whole.encode(codec)) == whole


def test_the_mark_is_kept_in_utf8_and_dropped_in_utf16() -> None:
    assert decode("\ufeffmark".encode()) == "\ufeffmark"
    assert decode("mark 中".encode("utf-16")) == "mark 中"
    assert decode(b"\xfe\xff" + "mark 中".encode("utf-16-be")) == "mark 中"
    assert decode("mark 中".encode("utf-32")) == "mark 中"


def test_damaged_utf8_stays_utf8() -> None:
    data = CHINESE.encode()
    for damaged in (data[:-1], data[:-2], data[:30] + b"\xff" + data[30:], data[1:]):
        assert decode(damaged) == damaged.decode("utf-8", "replace")
    french = FRENCH.encode()
    assert decode(french[:-20] + b"\xe9" + french[-20:]).count("\ufffd") == 1


def test_a_cut_last_character_does_not_change_the_encoding() -> None:
    for text, codec in ((CHINESE, "gb18030"), (TAIWAN, "big5"), (CHINESE, "utf-16-le")):
        cut = text[:-1].encode(codec) + "中".encode(codec)[:1]
        assert decode(cut)[: len(text) - 1] == text[:-1]


def test_one_odd_byte_in_ascii_is_western() -> None:
    assert decode(b"caf\xe9 au lait") == "café au lait"
    assert decode(b"Copyright \xa9 2024 by nobody") == "Copyright © 2024 by nobody"
    assert decode(b"it\x92s \x93quoted\x94") == "it’s “quoted”"


def test_newlines_and_nuls_are_kept() -> None:
    for text in ("a\r\nb\rc\n", "field\0field\0end of the line\n", "", "\n"):
        assert decode(text.encode()) == text


def test_a_declaration_is_believed_unless_the_bytes_contradict_it() -> None:
    assert decode("é".encode("iso8859_2"), "iso-8859-2") == "é"
    assert decode("中文".encode("gb18030"), "gb2312") == "中文"
    assert decode("“so”".encode("cp1252"), "ISO-8859-1") == "“so”"
    assert decode("中文".encode(), "gb2312, say") == "中文"
    assert decode("中文".encode(), "no-such-codec") == "中文"
    assert decode("中文".encode(), "base64") == "中文"
    assert decode("中文".encode(), "utf-16") == "中文"
    assert decode("\ufeff中文".encode(), "latin-1") == "\ufeff中文"
    assert decode(GERMAN.encode("cp1252"), "utf-8") == GERMAN


def test_files_that_name_their_encoding_are_believed() -> None:
    for head in (
        "<?xml version='1.0' encoding='big5'?>\n",
        '@charset "big5";\n',
        "#!/usr/bin/python\n# -*- coding: big5 -*-\n",
        "/* vim: set fileencoding=big5 : */\n",
    ):
        assert decode((head + "檢索").encode("big5")) == head + "檢索"
    assert decode("x = 1  # encoding: big5\n\n檢索增強生成".encode()).endswith("檢索增強生成")


@pytest.mark.parametrize("text", [RUSSIAN, CHINESE, JAPANESE, GREEK])
@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", "us-ascii"])
def test_a_thoughtless_declaration_is_overruled(text: str, declared: str) -> None:
    codec = {RUSSIAN: "cp1251", CHINESE: "gb18030", JAPANESE: "cp932", GREEK: "cp1253"}[text]
    assert decode(text.encode(codec), declared) == text
    assert decode(text.encode(), declared) == text


def test_utf8_is_told_from_what_it_says_it_is() -> None:
    assert decode("café".encode(), "iso-8859-1") == "café"
    text = "# Encoding: latin-1, and why it is no more\n\nNaïve."
    assert decode(text.encode()) == text


def test_a_damaged_character_does_not_overrule_a_declaration() -> None:
    data = TAIWAN.encode("big5")
    assert decode(data[:60] + b"\xff" + data[60:], "big5").count("\ufffd") == 1


def test_drawn_lines_do_not_hide_the_text() -> None:
    text = "▒" * 700 + "\n" + "━" * 700 + "\n" + KOREAN
    assert decode(text.encode("johab")) == text
    text = "═" * 700 + "\n║ Größe ║\n" + GERMAN
    assert decode(text.encode("cp850")) == text


def test_marks_of_hz_in_programs_are_no_chinese() -> None:
    for text in ("see Figure~{fig}~ and ~{x~}", "~{ab~}", "a ~{ b"):
        assert decode(text.encode()) == text


def test_binary_is_told_from_text() -> None:
    noise = bytes((i * 167 + i // 7 * 31) % 256 for i in range(5000))
    assert looks_binary(noise)
    assert looks_binary(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + noise)
    assert looks_binary(bytes(1000))
    for text, codec in WRITTEN:
        assert not looks_binary(text.encode(codec)), codec
    assert not looks_binary(b"a\0b text with a few\0NULs in it, and more words")
    assert not looks_binary(b"")


@given(st.text())
def test_valid_utf8_is_always_itself(text: str) -> None:
    # Text that is a tenth control characters may be taken for UTF-16: nobody writes it.
    text = "".join(c for c in text if c >= " " or c in "\t\r\n")
    assert decode(text.encode()) == text or text.encode()[:2] in (b"\xff\xfe", b"\xfe\xff")


@given(st.binary(max_size=300))
def test_any_bytes_give_text_of_one_codec(data: bytes) -> None:
    text = decode(data)
    assert text == data.decode(sniff_encoding(data), "replace")
    text.encode()  # no lone surrogates
