"""Two questions in one are seen; one question of many parts is left alone."""

from __future__ import annotations

import pytest

from stumper.curate.gates.single import several

TWO = [
    "What colour is the car and how many people are there?",
    "How many cats? And dogs?",
    "How many cats? What colour are they?",
    "What and how many animals are there?",
    "which foot is on the left and which one is on the right",
    "Where is the dog and what is it doing",
    "how many cars, what colour are they",
    "Is the man tall and is he wearing a hat?",
    "What is the name of the shop and the number of windows?",
    "color of the car and number of wheels",
    "How many people are there and what are they wearing",
    "What is he holding, and where is he looking?",
    "what is that. how many are there",
    "¿De qué color es el coche y cuántas personas hay?",
    "¿Qué es esto? ¿De qué color es?",
    "Qual é a cor do carro e quantas pessoas há?",
    "Сколько людей и какого цвета машина?",
    "Berapa mobil dan apa warnanya?",
    "车是什么颜色，有几个人？",
    "गाड़ी किस रंग की है और कितने लोग हैं?",
    "ما لون السيارة وكم عدد الناس؟",
]
ONE = [
    "What is the man holding and wearing?",
    "How many cats and dogs are there?",
    "Is the hand left or right?",
    "What colour are the cat and the dog?",
    "What is this? A car or a bike?",
    "Do you see the man? What is he holding?",
    "Is it open? Yes or no?",
    "How many people are standing and are wearing hats?",
    "What is the sum of the number of cats and the number of dogs?",
    "How many men who sit and who wear hats are there?",
    "In the picture, how many cats?",
    "When the light is red, what should the car do?",
    "What is the colour of the bag and the shoes?",
    "Which is bigger, the cat or the dog?",
    "Who is taller: the man or the woman?",
    "Tell me, what is that?",
    "Hi! What is that?",
    "Is the difference between the number of cats and the number of dogs two?",
    "What does the sign say? STOP and GO?",
    "What is written on the sign: 'What and why'?",
    "How many cats???",
    "How many dogs and what looks like wolves are there?",
    "¿Cuántos perros y gatos hay?",
    "o que o homem e a mulher estão segurando?",
    "Кто стоит слева и держит зонт?",
    "Berapa jumlah kucing dan anjing?",
    "图中有多少只猫和狗？",
    "चित्र में कितने कुत्ते और बिल्लियाँ हैं?",
    "كم عدد القطط والكلاب؟",
    "",
]


@pytest.mark.parametrize("question", TWO)
def test_two_questions_are_seen(question: str) -> None:
    assert several(question)


@pytest.mark.parametrize("question", ONE)
def test_one_question_is_left_alone(question: str) -> None:
    assert not several(question)


@pytest.mark.parametrize("question", [one for one in ONE if one.isascii() and one])
def test_capitals_and_signs_at_the_end_change_nothing(question: str) -> None:
    assert not several(question.upper())
    assert not several(question.rstrip("?"))
