"""The rows of the site before its fields were renamed."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User

from polls.before.models import Choice, Question

BEGAN = datetime(2024, 2, 29, 12, tzinfo=UTC)


def populate():
    User.objects.create(username="ann", password="!", date_joined=BEGAN)
    for number, text in enumerate(("What's up?", "東京 or Łódź?", "")):
        question = Question.objects.create(text=text, pub_date=BEGAN + timedelta(days=number))
        for votes, answer in enumerate(("Not much", "The sky", "naïve 🎉")):
            Choice.objects.create(question=question, text=answer, votes=votes * number)
